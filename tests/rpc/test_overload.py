"""A core whose disk has stopped, and more calls than it takes on: who is answered, and who is told to come back."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tokenhouse.v1 import (
    client_admin_pb2,
    device_authorization_pb2,
    registration_pb2,
    revocation_pb2,
    token_pb2,
    user_admin_pb2,
    validation_pb2,
)

from tests.patience import PATIENCE
from tests.rpc.road import Road, read_refusal, refused
from tests.running import wait_until
from tests.serving import ISSUER, Serving
from tests.store_contract.writers import one_group

#: What the listener of the facade takes on of everything, of issuance and of registrations, and how many it works at.
_MOST_IN_FLIGHT = 512
_MOST_ISSUANCE = 461
_MOST_REGISTRATIONS = 256
_THREADS = 16
#: The listener of the services takes on 1024 calls; so many of them leave no room for issuance, or for registrations.
_CROWDED = 922
_BUSY = 512


@pytest.fixture
def crowded(tmp_path: Path) -> Iterator[Road]:
    """A core of a test's own, with a user and a client."""
    with Serving(tmp_path, "[Limits]\nRegistrations = 0\n") as serving:
        road = Road(serving)
        road.begin()
        yield road


@contextmanager
def stopped_disk(serving: Serving) -> Iterator[None]:
    """Every commit waits until the block ends."""
    with one_group(serving.core._store):
        yield


def register(serving: Serving, name: str, timeout: float = PATIENCE) -> Any:
    """A registration on its way."""
    document = {"client_name": name, "redirect_uris": ["http://127.0.0.1/"]}
    request = registration_pb2.RegisterClientRequest(client_metadata=json.dumps(document).encode())
    return serving.registration.RegisterClient.future(request, timeout=timeout)


def redeem(serving: Serving) -> Any:
    """A token request on its way, of somebody who has nothing."""
    method: Any = serving.tokens.IssueToken
    return method.future(token_pb2.IssueTokenRequest(), timeout=PATIENCE)


def start_device(serving: Serving) -> Any:
    """A device's request on its way."""
    method: Any = serving.devices.StartDeviceAuthorization
    return method.future(device_authorization_pb2.StartDeviceAuthorizationRequest(), timeout=PATIENCE)


def enter_user_code(serving: Serving) -> Any:
    """A code that somebody typed, on its way."""
    method: Any = serving.devices.EnterUserCode
    return method.future(device_authorization_pb2.EnterUserCodeRequest(), timeout=PATIENCE)


def revoke(serving: Serving) -> Any:
    """A revocation on its way, of nothing."""
    method: Any = serving.revocation.RevokeToken
    return method.future(revocation_pb2.RevokeTokenRequest(), timeout=PATIENCE)


def is_shed(serving: Serving, call: Any) -> bool:
    """Whether there was no room for the call; else it is in flight when this returns."""
    before = in_flight(serving)
    wait_until(lambda: call.done() or in_flight(serving) > before, "the call to arrive")
    return bool(call.done()) and read_refusal(call.exception()).reason == "OVERLOADED"


def in_flight(serving: Serving) -> float:
    """How many calls the facade's listener has taken on and not yet ended."""
    told = serving.core._metrics.registry.get_sample_value("tokenhouse_rpc_in_flight_calls", {"caller": "facade"})
    assert told is not None
    return told


def client_names(serving: Serving) -> set[str]:
    """Every registered client's."""
    request = client_admin_pb2.ListClientsRequest(page_size=500)
    return {client.client_name for client in serving.clients.ListClients(request, timeout=PATIENCE).clients}


def statuses(calls: Sequence[Any]) -> set[grpc.StatusCode]:
    """How they ended; waits for all of them."""
    return {call.code() for call in calls}


def test_what_is_too_much_is_told_to_come_back_while_the_others_wait(crowded: Road) -> None:
    """RESOURCE_EXHAUSTED with RetryInfo, at once; health, validations and operators are answered; nobody is lost."""
    serving, extra = crowded.serving, 60
    most = _MOST_REGISTRATIONS
    token = crowded.connect().access_token
    health: Any = health_pb2_grpc.HealthStub(serving.channels["facade"])
    with stopped_disk(serving):
        calls = [register(serving, f"tool {number}") for number in range(most + extra)]
        wait_until(lambda: sum(call.done() for call in calls) == extra, "the calls that are too many")
        refusals = [read_refusal(call.exception()) for call in calls if call.done()]
        probe = health.Check(health_pb2.HealthCheckRequest(), timeout=PATIENCE)
        assert crowded.validate(token).active
        assert serving.users.ListUsers(user_admin_pb2.ListUsersRequest(), timeout=PATIENCE).users

    assert {(each.code, each.reason) for each in refusals} == {(grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")}
    assert all(each.retry_after for each in refusals)
    assert probe.status == health_pb2.HealthCheckResponse.SERVING
    accepted = [call for call in calls if call.code() is grpc.StatusCode.OK]
    assert len(accepted) == most
    assert register(serving, "afterwards").result().client_information


def test_what_ends_something_has_room_when_issuance_and_registrations_have_none(crowded: Road) -> None:
    """Registrations are refused when half of the room is taken, issuance at nine tenths, revocations when all is."""
    serving = crowded.serving
    with stopped_disk(serving):
        calls = [register(serving, f"tool {number}") for number in range(_MOST_REGISTRATIONS)]
        wait_until(lambda: in_flight(serving) == _MOST_REGISTRATIONS, "half of the room to be taken")
        assert is_shed(serving, register(serving, "one too many"))
        assert is_shed(serving, start_device(serving))
        calls += [redeem(serving) for _ in range(_MOST_ISSUANCE - _MOST_REGISTRATIONS)]
        wait_until(lambda: in_flight(serving) == _MOST_ISSUANCE, "nine tenths of the room to be taken")
        assert is_shed(serving, redeem(serving))
        assert is_shed(serving, enter_user_code(serving))
        calls += [revoke(serving) for _ in range(_MOST_IN_FLIGHT - _MOST_ISSUANCE)]
        wait_until(lambda: in_flight(serving) == _MOST_IN_FLIGHT, "all of the room to be taken")
        assert is_shed(serving, revoke(serving))

    assert grpc.StatusCode.RESOURCE_EXHAUSTED not in statuses(calls)


@pytest.mark.parametrize(
    ("waiting", "shed"),
    [(_BUSY - 1, set()), (_BUSY, {"register"}), (_CROWDED - 1, {"register"}), (_CROWDED, {"register", "redeem"})],
)
def test_where_services_wait_for_validation_the_facade_makes_room(crowded: Road, waiting: int, shed: set[str]) -> None:
    """Registrations are refused when the services' listener is half full, issuance at nine tenths; revocation never."""
    serving = crowded.serving
    _, _, services = serving.core._listeners
    released = Event()
    held = [services.room._pool.submit(released.wait) for _ in range(waiting)]
    try:
        calls = {"register": register(serving, "a tool"), "redeem": redeem(serving), "revoke": revoke(serving)}
        refused_calls = {name for name, call in calls.items() if call.code() is grpc.StatusCode.RESOURCE_EXHAUSTED}
        question = validation_pb2.ValidateTokenRequest(token="none", audience=ISSUER)
        validation: Any = serving.validation.ValidateToken
        answer = validation.future(question, timeout=PATIENCE)
    finally:
        released.set()

    assert refused_calls == shed
    assert not answer.result().active
    assert all(call.result() for call in held)


def test_nothing_is_done_for_whoever_has_gone(crowded: Road) -> None:
    """Calls whose deadline passes while they wait, for a thread or for the disk, are not begun later on."""
    serving = crowded.serving
    before = client_names(serving)
    with stopped_disk(serving):
        impatient = [register(serving, f"gone {number}", timeout=0.5) for number in range(4 * _THREADS)]
        assert statuses(impatient) <= {grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE}
        wait_until(lambda: in_flight(serving) == 0, "those that had a thread to find out, too")
        patient = [register(serving, f"patient {number}") for number in range(_THREADS)]

    assert statuses(patient) == {grpc.StatusCode.OK}
    assert client_names(serving) - before == {f"patient {number}" for number in range(_THREADS)}


def test_a_code_that_came_too_late_is_still_good(crowded: Road) -> None:
    """RFC 6749 §4.1.2: a code works once, and a redemption that nobody waited for has not been that once."""
    serving, code = crowded.serving, crowded.code()
    with stopped_disk(serving):
        refusal = refused(serving.tokens.IssueToken, crowded.redeeming(code), timeout=0.3)
        assert refusal.code in (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE)
        wait_until(lambda: in_flight(serving) == 0, "the redemption to be given up")

    assert serving.tokens.IssueToken(crowded.redeeming(code), timeout=PATIENCE).access_token


def test_a_validation_whose_deadline_passes_before_it_has_a_thread_is_counted(crowded: Road) -> None:
    """It is not begun, for whoever asked has gone; and operators see that there were such."""
    serving = crowded.serving
    _, _, services = serving.core._listeners
    released = Event()
    held = [services.room._pool.submit(released.wait) for _ in range(_THREADS)]
    question = validation_pb2.ValidateTokenRequest(token="none", audience=ISSUER)
    try:
        assert (
            refused(serving.validation.ValidateToken, question, timeout=0.2).code is grpc.StatusCode.DEADLINE_EXCEEDED
        )
    finally:
        released.set()
    assert all(call.result() for call in held)
    wait_until(lambda: services.room.taken == 0, "the call to be given up")

    labels = {
        "rpc_method": "tokenhouse.v1.ValidationService/ValidateToken",
        "rpc_response_status_code": "DEADLINE_EXCEEDED",
    }
    read = serving.core._metrics.registry.get_sample_value
    assert read("rpc_server_call_duration_seconds_count", labels) == 1
    assert read("tokenhouse_rpc_refusals_total", {"reason": "DEADLINE_EXCEEDED"}) == 1
