"""How refusals cross gRPC: one table, and nothing of what is not in it gets out."""

import json
import logging
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any

import grpc
import pytest
from prometheus_client import CollectorRegistry
from tokenhouse.v1 import validation_pb2, validation_pb2_grpc

from core.domain import errors
from core.domain.sayings import say
from core.metrics.calls import CallMetrics
from core.rpc import listener
from core.rpc.callers import Caller
from core.rpc.errors import describe
from core.rpc.health import Health
from core.rpc.listener import Listener
from tests.patience import PATIENCE
from tests.ports import free_port
from tests.rpc.batches import conversing
from tests.rpc.road import Refused, refused

Answer = Callable[[], None]


class Raising(validation_pb2_grpc.ValidationServiceServicer):
    """A servicer that fails as it is told, behind the real listener."""

    def __init__(self) -> None:
        self.answer: Answer = lambda: None

    def ValidateToken(
        self, request: validation_pb2.ValidateTokenRequest, context: grpc.ServicerContext
    ) -> validation_pb2.ValidateTokenResponse:
        self.answer()
        return validation_pb2.ValidateTokenResponse()

    def ValidateTokens(
        self, request: validation_pb2.ValidateTokensRequest, context: grpc.ServicerContext
    ) -> validation_pb2.ValidateTokensResponse:
        self.answer()
        return validation_pb2.ValidateTokensResponse()

    def StreamValidateTokens(  # type: ignore[override]
        self, request: validation_pb2.StreamValidateTokensRequest, context: grpc.ServicerContext
    ) -> bytes:
        self.answer()
        return b""


@contextmanager
def _serving(servicer: Raising) -> Iterator[int]:
    descriptor = validation_pb2.DESCRIPTOR.services_by_name["ValidationService"]
    metrics = CallMetrics(CollectorRegistry())
    serving, port = Listener(Caller.SERVICE, {descriptor: servicer}, Health(), metrics), free_port()
    serving.listen_on_port("127.0.0.1", port)
    yield port
    serving.stop(0).wait()


@contextmanager
def _listening(servicer: Raising) -> Iterator[validation_pb2_grpc.ValidationServiceStub]:
    with _serving(servicer) as port, grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield validation_pb2_grpc.ValidationServiceStub(channel)


@pytest.fixture(scope="module")
def servicer() -> Raising:
    """What fails."""
    return Raising()


@pytest.fixture(scope="module")
def stub(servicer: Raising) -> Iterator[validation_pb2_grpc.ValidationServiceStub]:
    """Its caller."""
    with _listening(servicer) as stub:
        yield stub


def _met(servicer: Raising, stub: validation_pb2_grpc.ValidationServiceStub, error: Exception) -> Refused:
    def fail() -> None:
        raise error

    servicer.answer = fail
    return refused(stub.ValidateToken, validation_pb2.ValidateTokenRequest())


def _below(kind: type[errors.Refusal]) -> list[type[errors.Refusal]]:
    return [each for child in kind.__subclasses__() for each in (child, *_below(child))]


REFUSALS = [kind for kind in _below(errors.Refusal) if kind is not errors.OAuthError]
#: Told apart from others of their OAuth error code, for people.
OWN_REASONS: dict[type[errors.Refusal], str] = {
    errors.ClientBlocked: "CLIENT_BLOCKED",
    errors.ClientRemoved: "CLIENT_REMOVED",
    errors.RedirectUriNotInDocument: "REDIRECT_URI_NOT_IN_DOCUMENT",
}
TEMPORARY = (errors.TooManyAttempts, errors.StoreUnavailable, errors.TemporarilyUnavailable)


def _make(kind: type[errors.Refusal]) -> errors.Refusal:
    if kind is errors.TooManyAttempts:
        return errors.TooManyAttempts("one sentence", retry_after=7)
    return kind("one sentence")


def test_every_refusal_is_known() -> None:
    """The tree in core/domain/errors.py."""
    assert len(REFUSALS) == 49


@pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: kind.__name__)
def test_every_refusal_has_a_status_and_a_reason(
    servicer: Raising, stub: validation_pb2_grpc.ValidationServiceStub, kind: type[errors.Refusal]
) -> None:
    """Round trip over a real server; ErrorInfo names the code in capitals."""
    refusal = _met(servicer, stub, _make(kind))
    assert refusal.code not in (grpc.StatusCode.OK, grpc.StatusCode.UNKNOWN, grpc.StatusCode.INTERNAL)
    assert refusal.description == "one sentence"
    if issubclass(kind, errors.OAuthError):
        assert refusal.reason == OWN_REASONS.get(kind, kind.code.upper())
    assert refusal.reason.isupper()
    assert (refusal.retry_after is not None) is (kind in TEMPORARY)
    item = describe(_make(kind)).to_item_error()
    assert (item.code, item.reason, item.description) == (refusal.code.value[0], refusal.reason, refusal.description)
    assert item.HasField("retry_after") is (refusal.retry_after is not None)


def test_reasons_tell_refusals_apart() -> None:
    """The facade decides by the reason alone: only what means the same shares one."""
    reasons: dict[str, list[type[errors.Refusal]]] = {}
    for kind in REFUSALS:
        reasons.setdefault(describe(_make(kind)).reason, []).append(kind)
    assert [kinds for kinds in reasons.values() if len(kinds) > 1] == [
        [errors.TemporarilyUnavailable, errors.StoreUnavailable],
        [errors.PasskeyFailed, errors.PasskeyCountedBack],
    ]


def test_too_many_attempts_says_how_long_to_wait(
    servicer: Raising, stub: validation_pb2_grpc.ValidationServiceStub
) -> None:
    """Google.rpc.RetryInfo, in seconds."""
    assert _met(servicer, stub, errors.TooManyAttempts("later", retry_after=90)).retry_after == 90


@pytest.mark.parametrize("letter", ["x", "\u00e9", "\U0001f600", '"', "\n", "%"])
@pytest.mark.parametrize("kind", [errors.NotFound, errors.InvalidRedirectUri], ids=lambda kind: kind.__name__)
def test_a_refusal_that_quotes_at_length_keeps_its_reason(
    servicer: Raising, stub: validation_pb2_grpc.ValidationServiceStub, kind: type[errors.Refusal], letter: str
) -> None:
    """A status travels in headers of 8 KiB: a long description is cut in its middle, never lost with its reason."""
    refusal = _met(servicer, stub, kind(f"the beginning {letter * 60_000} and the end"))
    assert refusal.reason == describe(kind("")).reason
    assert refusal.description.startswith("the beginning")
    assert refusal.description.endswith("and the end")


@pytest.mark.parametrize("letter", ["x", "\u00e9", "\U0001f600", "%"])
@pytest.mark.parametrize("kind", [errors.NotFound, errors.RedirectUriNotInDocument], ids=lambda kind: kind.__name__)
def test_a_sentence_that_quotes_at_length_keeps_its_name(
    servicer: Raising, stub: validation_pb2_grpc.ValidationServiceStub, kind: type[errors.Refusal], letter: str
) -> None:
    """What pages are told beside the description shares its 8 KiB: a long value is cut in its middle, too."""
    said = say("redirect_uri_not_in_document", uri=f"begin{letter * 5000}end", client_id=f"begin{letter * 5000}end")

    refusal = _met(servicer, stub, kind(said))
    [sentence] = refusal.sentences
    assert sentence.sentence == "redirect_uri_not_in_document"
    assert all(value.startswith("begin") and value.endswith("end") for value in sentence.values.values())


class DriverError(Exception):
    """What no caller may ever read."""


@pytest.mark.parametrize(
    "error", [DriverError("sqlite: /var/lib/x.db"), KeyError("thr_secret"), AssertionError(), RecursionError("deep")]
)
def test_what_is_no_refusal_becomes_an_incident(
    servicer: Raising,
    stub: validation_pb2_grpc.ValidationServiceStub,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    """CVE-2024-32967: INTERNAL with an incident id; the text is in the log, under that id, and nowhere else."""
    with caplog.at_level(logging.ERROR):
        refusal = _met(servicer, stub, error)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INTERNAL, "SERVER_ERROR")
    incident = refusal.description.removeprefix("incident ")
    assert len(incident) == 16
    assert int(incident, 16) >= 0
    records = [record for record in caplog.records if incident in record.getMessage()]
    assert [record.exc_info[1] for record in records if record.exc_info] == [error]


def test_a_stream_ends_with_an_incident_as_well(servicer: Raising) -> None:
    """The same on a stream of batches: its status says no more."""

    def fail() -> None:
        raise DriverError("sqlite: /var/lib/x.db")

    servicer.answer = fail
    with (
        _serving(servicer) as port,
        grpc.insecure_channel(f"127.0.0.1:{port}") as channel,
        conversing(channel) as stream,
    ):
        stream.put("any")
        refusal = stream.refusal()
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INTERNAL, "SERVER_ERROR")
    assert re.fullmatch("incident [0-9a-f]{16}", refusal.description)


def test_beyond_the_calls_in_flight_the_next_one_is_refused_at_once() -> None:
    """At most N calls in flight and then RESOURCE_EXHAUSTED; when they end, there is room again."""
    most = listener._IN_FLIGHT[Caller.SERVICE]
    servicer, release = Raising(), threading.Event()

    def hold() -> None:
        assert release.wait(PATIENCE)

    servicer.answer = hold
    request = validation_pb2.ValidateTokenRequest()
    with _listening(servicer) as stub:
        calls: list[Any] = [stub.ValidateToken.future(request, timeout=PATIENCE) for _ in range(most + 50)]
        ended: SimpleQueue[Any] = SimpleQueue()
        for call in calls:
            call.add_done_callback(ended.put)
        # Nothing has been let go yet: whatever has ended was refused.
        refusals = [ended.get(timeout=PATIENCE) for _ in range(50)]
        assert {refusal.code() for refusal in refusals} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
        release.set()
        assert [call.code() for call in calls].count(grpc.StatusCode.OK) == most
        stub.ValidateToken(request, timeout=PATIENCE)


def test_a_flood_over_many_connections_is_answered_in_words(servicer: Raising) -> None:
    """Every call of thousands at once ends in an answer or in RESOURCE_EXHAUSTED; none is dropped without a word."""
    servicer.answer = lambda: None
    with _serving(servicer) as port:
        command = [sys.executable, "-m", "tests.rpc.flood", f"127.0.0.1:{port}", "1500"]
        # Each caller is a process: inside this one they would share the core's thread time and never outrun it.
        callers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        ended: Counter[str] = Counter()
        for caller in callers:
            ended.update(json.loads(caller.communicate(timeout=PATIENCE)[0]))
    assert set(ended) <= {"OK", "RESOURCE_EXHAUSTED"}
    assert ended.total() == 3000
