"""The facade's number for an HTTP request in the core's log lines."""

import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from google.protobuf.message import Message
from prometheus_client import CollectorRegistry
from tokenhouse.v1 import authorization_pb2, authorization_pb2_grpc, registration_pb2, token_pb2

from core.log_lines import LineFormatter
from core.metrics.calls import CallMetrics
from core.rpc.callers import Caller
from core.rpc.health import Health
from core.rpc.listener import Listener
from tests.rpc.road import Road, refused
from tests.serving import DEADLINE

_KEY = "tokenhouse-correlation-id"


@dataclass
class Log:
    """What has been logged, as it is written."""

    output: io.StringIO

    @property
    def lines(self) -> list[str]:
        """Everything so far."""
        return self.output.getvalue().splitlines()

    def numbers(self, words: str) -> list[str]:
        """The correlation ids of the lines that hold these words; "" where a line has none."""
        return [line.partition(" correlation_id=")[2].split(" ")[0] for line in self.lines if words in line]


@pytest.fixture
def log() -> Iterator[Log]:
    """Catches every line."""
    written = Log(io.StringIO())
    handler = logging.StreamHandler(written.output)
    handler.setFormatter(LineFormatter())
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


def test_a_call_brings_it_in_its_metadata(road: Road, log: Log) -> None:
    """Each call's lines carry its own number, and the next call's no other's."""
    tokens = road.serving.tokens
    tokens.IssueToken(road.redeeming(road.code()), timeout=DEADLINE, metadata=((_KEY, "0123456789ab"),))
    road.connect()
    road.serving.registration.RegisterClient(
        registration_pb2.RegisterClientRequest(client_metadata=b'{"redirect_uris": ["http://127.0.0.1/"]}'),
        timeout=DEADLINE,
        metadata=((_KEY, "another-1"),),
    )

    assert log.numbers("token issued") == ["0123456789ab", ""]
    assert log.numbers("client registered") == ["another-1"]


def test_in_a_batch_each_item_brings_its_own(road: Road, log: Log) -> None:
    """Token requests and registrations travel together, and their lines are told apart."""
    held = [road.connect().refresh_token for _ in range(3)]
    requests = [road.refreshing(token) for token in held]
    for request, number in zip(requests, ("aaa", "", "ccc"), strict=True):
        request.correlation_id = number
    log.output.truncate(log.output.seek(0))
    batch = token_pb2.IssueTokensRequest(requests=requests)
    road.serving.tokens.IssueTokens(batch, timeout=DEADLINE)
    registering = [
        registration_pb2.RegisterClientRequest(
            client_metadata=b'{"redirect_uris": ["http://127.0.0.1/%d"]}' % number, correlation_id=f"reg-{number}"
        )
        for number in range(2)
    ]
    road.serving.registration.RegisterClients(
        registration_pb2.RegisterClientsRequest(requests=registering), timeout=DEADLINE
    )

    assert log.numbers("token issued") == ["aaa", "", "ccc"]
    assert log.numbers("client registered") == ["reg-0", "reg-1"]


@pytest.mark.parametrize("number", ["", "x y", 'a"b', "a=b", "x" * 65, "token=canary"])
def test_what_is_no_number_is_left_out(road: Road, log: Log, number: str) -> None:
    """A line cannot be forged by a number (CWE-117): letters, digits and hyphens, 64 at most."""
    request = road.refreshing(road.connect().refresh_token)
    log.output.truncate(log.output.seek(0))
    request.correlation_id = number
    road.serving.tokens.IssueTokens(token_pb2.IssueTokensRequest(requests=[request]), timeout=DEADLINE)
    road.serving.tokens.IssueToken(
        road.redeeming(road.code()), timeout=DEADLINE, metadata=((_KEY, number),) if number else ()
    )

    assert log.numbers("token issued") == ["", ""]
    assert not any("canary" in line or "x" * 65 in line for line in log.lines)


class Broken:
    """Fails as no refusal does."""

    def StartAuthorization(self, request: Message, context: grpc.ServicerContext) -> Message:
        """Raises what no caller may read."""
        raise KeyError("what no caller may read")

    StartAuthorizationByDocument = DecideConsent = StartAuthorization


def test_an_incident_has_the_number_that_the_page_shows(tmp_path: Path, log: Log) -> None:
    """One number leads from the error page to the traceback in the core's log."""
    descriptor, path = authorization_pb2.DESCRIPTOR.services_by_name["AuthorizationService"], tmp_path / "core.sock"
    listener = Listener(Caller.FACADE, {descriptor: Broken()}, Health(), CallMetrics(CollectorRegistry()))
    listener.listen_on_socket(path)
    with grpc.insecure_channel(f"unix:{path}") as channel:
        service = authorization_pb2_grpc.AuthorizationServiceStub(channel)
        request = authorization_pb2.StartAuthorizationRequest()
        named = refused(service.StartAuthorization, request, metadata=((_KEY, "feedc0de0001"),))
        unnamed = refused(service.StartAuthorization, request)
    listener.stop(0).wait()

    assert (named.reason, named.description) == ("SERVER_ERROR", "incident feedc0de0001")
    assert log.numbers("incident feedc0de0001") == ["feedc0de0001"]
    assert "KeyError: 'what no caller may read'" in log.lines
    assert unnamed.description not in ("incident ", named.description)
