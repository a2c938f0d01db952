"""A core whose disk has stopped, and more calls than it takes on: who is answered, and who is told to come back."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tokenhouse.v1 import client_admin_pb2, registration_pb2, user_admin_pb2

from tests.patience import PATIENCE
from tests.rpc.road import Road, read_refusal, refused
from tests.running import wait_until
from tests.serving import Serving
from tests.store_contract.writers import one_group

#: What the listener of the facade takes on, and how many of them it works at.
_MOST_IN_FLIGHT = 512
_THREADS = 16


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
    token = crowded.connect().access_token
    health: Any = health_pb2_grpc.HealthStub(serving.channels["facade"])
    with stopped_disk(serving):
        calls = [register(serving, f"tool {number}") for number in range(_MOST_IN_FLIGHT + extra)]
        wait_until(lambda: sum(call.done() for call in calls) == extra, "the calls that are too many")
        refusals = [read_refusal(call.exception()) for call in calls if call.done()]
        probe = health.Check(health_pb2.HealthCheckRequest(), timeout=PATIENCE)
        assert crowded.validate(token).active
        assert serving.users.ListUsers(user_admin_pb2.ListUsersRequest(), timeout=PATIENCE).users

    assert {(each.code, each.reason) for each in refusals} == {(grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")}
    assert all(each.retry_after for each in refusals)
    assert probe.status == health_pb2.HealthCheckResponse.SERVING
    accepted = [call for call in calls if call.code() is grpc.StatusCode.OK]
    assert len(accepted) == _MOST_IN_FLIGHT
    assert register(serving, "afterwards").result().client_information


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
