"""The verifier's questions on a stream: quicker than calls, and nobody is worse off where there is none."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from math import inf
from threading import Event, Thread
from time import monotonic
from typing import Any

import grpc
import pytest
from tokenhouse.v1 import grant_admin_pb2, user_admin_pb2, validation_pb2
from tokenhouse_verifier import asking, async_asking, batch_stream
from tokenhouse_verifier.access_token import AccessToken
from tokenhouse_verifier.batches import Question
from tokenhouse_verifier.contract.validation_pb2 import StreamValidateTokensRequest
from tokenhouse_verifier.errors import InvalidToken, Unavailable
from tokenhouse_verifier.grpc_threads import GrpcThreads

from core.rpc.known_answers import KnownAnswers
from core.rpc.listener import Listener
from tests.rpc.batches import streams_of
from tests.rpc.road import Road
from tests.serving import DEADLINE, Serving
from tests.verifier.conftest import Open
from tests.verifier.forms import PATIENCE, Form, follow, refusal_of, wait_until
from tests.verifier.proxy import Proxy

_START = Thread.start
_STREAM = "/tokenhouse.v1.ValidationService/StreamValidateTokens"


def _listener(serving: Serving) -> Listener:
    return next(each for each in serving.core._listeners if each._methods._batch_streams is streams_of(serving))


def _answered(serving: Serving, *methods: str) -> int:
    """How many messages of these methods the core has answered."""
    names = {f"tokenhouse.v1.ValidationService/{method}" for method in methods}
    return sum(
        count
        for (method, status), buckets in serving.core._metrics.calls.durations()
        if method in names and status == "OK"
        for _, count in buckets
    )


class _Ways:
    """What was answered since."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._before = self._look()

    def since(self) -> tuple[int, int]:
        """On streams, and by calls."""
        streams, calls = self._look()
        return streams - self._before[0], calls - self._before[1]

    def _look(self) -> tuple[int, int]:
        calls = _answered(self._serving, "ValidateToken", "ValidateTokens")
        return _answered(self._serving, "StreamValidateTokens"), calls


@contextmanager
def _first_answer_held(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Event, Event]]:
    """The core finds its first answer only when the second event is set; the first says that it is asked for it."""
    asked, go_on, find, waited = Event(), Event(), KnownAnswers.find, list[None]()

    def find_later(*arguments: Any) -> bytes:
        if not waited:
            waited.append(None)
            asked.set()
            go_on.wait(PATIENCE)
        return find(*arguments)

    monkeypatch.setattr(KnownAnswers, "find", find_later)
    try:
        yield asked, go_on
    finally:
        go_on.set()


def test_new_tokens_are_asked_about_on_one_stream(road: Road, form: Form) -> None:
    """verifier/README.md, How it works: no call for any of them, and one stream for all."""
    tokens = [road.connect().access_token for _ in range(8)]
    ways = _Ways(road.serving)
    for token in tokens:
        assert form.verify(token, timeout=PATIENCE).username == road.username
    assert isinstance(refusal_of(form, "unknown", timeout=PATIENCE), InvalidToken)
    assert ways.since() == (9, 0)
    stream = form.verifier._link.batches._open  # type: ignore[union-attr]
    assert stream is not None
    assert not stream.has_ended


def test_everybody_gets_the_own_answer(road: Road, form: Form) -> None:
    """Many at a time, and each is told of its own token: name, grant and all."""
    tokens = [road.connect().access_token for _ in range(24)]
    expected = {token: road.validate(token).grant_id for token in tokens}
    with ThreadPoolExecutor(12) as threads:
        found = list(threads.map(lambda token: form.verify(token, timeout=PATIENCE).grant_id, tokens * 4))
    assert found == [expected[token] for token in tokens * 4]


def test_a_core_that_has_no_such_stream_is_asked_by_calls(
    road: Road, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older core says UNIMPLEMENTED once, and is not bothered with it at every token."""
    tokens = [road.connect().access_token for _ in range(3)]
    monkeypatch.delitem(_listener(road.serving)._methods._handlers, _STREAM)
    unknown = _unimplemented(road.serving)
    ways = _Ways(road.serving)
    for token in tokens:
        assert form.verify(token, timeout=PATIENCE).username == road.username
    assert ways.since() == (0, 3)
    assert _unimplemented(road.serving) == unknown + 1


def _unimplemented(serving: Serving) -> int:
    durations = serving.core._metrics.calls.durations()
    return sum(count for (_, status), buckets in durations if status == "UNIMPLEMENTED" for _, count in buckets)


def test_nor_is_one_that_has_no_room_for_another(road: Road, form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    """RESOURCE_EXHAUSTED: calls do, and after a while the stream is tried again."""
    monkeypatch.setattr(streams_of(road.serving).room, "most", 0)
    first, second, third = (road.connect().access_token for _ in range(3))
    ways = _Ways(road.serving)
    form.verify(first, timeout=PATIENCE)
    form.verify(second, timeout=PATIENCE)
    assert ways.since() == (0, 2)
    monkeypatch.undo()
    form.verifier._link.batches._not_before = 0.0  # type: ignore[union-attr]
    form.verify(third, timeout=PATIENCE)
    assert ways.since() == (1, 2)


def test_a_question_whose_stream_breaks_is_asked_again(
    road: Road, form: Form, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut while the core looks for the answer: within the same deadline, and the next one is answered as well."""
    first, second, third = (road.connect().access_token for _ in range(3))
    follow(form, first)
    with _first_answer_held(monkeypatch) as (asked, go_on), ThreadPoolExecutor(1) as thread:
        verifying = thread.submit(form.verify, second, timeout=PATIENCE)
        assert asked.wait(PATIENCE)
        proxy.cut()
        assert verifying.result(PATIENCE).username == road.username
        go_on.set()
    assert form.verify(third, timeout=PATIENCE).username == road.username


def test_nor_is_a_stream_waited_for_that_does_not_answer(
    road: Road, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has a part of the deadline, and a call has the rest."""
    for module in (asking, async_asking):
        monkeypatch.setattr(module, "SHARE_OF_STREAM", 0.01)
    first, second = (road.connect().access_token for _ in range(2))
    follow(form, first)
    with _first_answer_held(monkeypatch):
        ways = _Ways(road.serving)
        assert form.verify(second, timeout=PATIENCE).username == road.username
        assert ways.since() == (0, 1)


def test_an_answer_to_another_question_is_none(road: Road, form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever stands between: an answer whose number is not the question's is used for nobody."""
    mine, other = (road.connect().access_token for _ in range(2))
    audience = form.verifier.audience
    answer = road.serving.validation.ValidateToken(
        validation_pb2.ValidateTokenRequest(token=other, audience=audience), timeout=DEADLINE
    )
    wrong = validation_pb2.StreamValidateTokensResponse(
        results=[validation_pb2.ValidateTokenResult(response=answer)], number=2
    )

    def mistake(messages: Iterator[bytes], _context: grpc.ServicerContext) -> Iterator[bytes]:
        for _ in messages:
            yield wrong.SerializeToString()

    handlers = _listener(road.serving)._methods._handlers
    monkeypatch.setitem(handlers, _STREAM, grpc.stream_stream_rpc_method_handler(mistake))
    assert form.verify(mine, timeout=PATIENCE).grant_id == road.validate(mine).grant_id


def test_nor_is_one_more_answer_than_there_are_questions(
    road: Road, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stream is given up, and what follows is asked by calls."""
    first, second = (road.connect().access_token for _ in range(2))

    def repeat(messages: Iterator[bytes], _context: grpc.ServicerContext) -> Iterator[bytes]:
        for raw in messages:
            request = validation_pb2.StreamValidateTokensRequest.FromString(raw)
            call = validation_pb2.ValidateTokensRequest(requests=request.requests)
            told = road.serving.validation.ValidateTokens(call, timeout=DEADLINE)
            answer = validation_pb2.StreamValidateTokensResponse(results=told.results, number=request.number)
            yield answer.SerializeToString()
            yield answer.SerializeToString()

    handlers = _listener(road.serving)._methods._handlers
    monkeypatch.setitem(handlers, _STREAM, grpc.stream_stream_rpc_method_handler(repeat))
    assert form.verify(first, timeout=PATIENCE).grant_id == road.validate(first).grant_id
    stream = form.verifier._link.batches._open  # type: ignore[union-attr]
    assert stream is not None
    wait_until(lambda: stream.has_ended, "the stream to be given up")
    assert form.verify(second, timeout=PATIENCE).grant_id == road.validate(second).grant_id


def test_what_is_revoked_while_it_is_asked_about_is_not_remembered(
    road: Road, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is older than the change: whoever asks after the revocation was acknowledged is refused."""
    first, ended = (road.connect().access_token for _ in range(2))
    follow(form, first)
    grant_id = road.validate(ended).grant_id
    with _first_answer_held(monkeypatch) as (asked, go_on), ThreadPoolExecutor(1) as thread:
        verifying = thread.submit(refusal_of, form, ended, timeout=PATIENCE)
        assert asked.wait(PATIENCE)
        revision = form.verifier._memory.revision
        request = grant_admin_pb2.RevokeGrantRequest(grant_id=grant_id)
        assert road.serving.grants.RevokeGrant(request, timeout=DEADLINE).revoked
        wait_until(lambda: form.verifier._memory.revision > revision, "the change")
        go_on.set()
        assert isinstance(verifying.result(PATIENCE), InvalidToken)
    assert isinstance(refusal_of(form, ended, timeout=PATIENCE), InvalidToken)


def test_an_answer_has_room_for_many_groups(road: Road, opened: Open) -> None:
    """128 tokens of somebody with as many groups as can be set at once: 8 MB, twice what gRPC takes by itself."""
    groups = [f"{number:03}{'漢' * 80}" for number in range(256)]
    request = user_admin_pb2.SetGroupsRequest(username=road.username, groups=groups)
    road.serving.users.SetGroups(request, timeout=DEADLINE)
    token = road.connect().access_token
    verifier = opened().verifier
    asking_now = asking.Asking(verifier._start(), verifier._batches)
    questions = [Question(token, sha256(token.encode()).digest())] * 128
    ways = _Ways(road.serving)
    for not_before in (0.0, inf):
        verifier._link.batches.end(monotonic() + PATIENCE)  # type: ignore[union-attr]
        verifier._link.batches._not_before = not_before  # type: ignore[union-attr]
        for answer in asking_now._send(questions, PATIENCE):
            assert isinstance(answer, AccessToken)
            assert list(answer.groups) == groups
    assert ways.since() == (1, 1)


def test_more_verifiers_than_streams(road: Road, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two, and room for one: both are told the same."""
    streams = streams_of(road.serving)
    wait_until(lambda: not streams.room.taken, "the streams of other tests to end")
    monkeypatch.setattr(streams.room, "most", 1)
    verifiers = [opened(), opened()]
    ways = _Ways(road.serving)
    for token in (road.connect().access_token for _ in range(2)):
        for verifier in verifiers:
            assert verifier.verify(token, timeout=PATIENCE).username == road.username
    assert ways.since() == (2, 2)


def test_a_closed_verifier_leaves_no_stream(road: Road, opened: Open) -> None:
    """Its thread has ended, and the core has the place back."""
    form = opened()
    form.verify(road.connect().access_token, timeout=PATIENCE)
    thread = form.verifier._link.batches._open._thread  # type: ignore[union-attr]
    form.close()
    assert not thread.is_alive()
    wait_until(lambda: not streams_of(road.serving).room.taken, "the core to notice")
    assert isinstance(refusal_of(form, "any", timeout=PATIENCE), Unavailable)


def test_a_process_without_another_thread_asks_by_calls(
    road: Road, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for answers that no thread would tell; once there is one, there is a stream."""
    first, second, third = (road.connect().access_token for _ in range(3))
    follow(form, first)
    batches = form.verifier._link.batches  # type: ignore[union-attr]
    batches.end(monotonic() + PATIENCE)
    ways = _Ways(road.serving)
    with monkeypatch.context() as patched:
        patched.setattr(Thread, "start", _refuse_to_start)
        assert form.verify(second, timeout=PATIENCE).username == road.username
    batches._not_before = 0.0
    assert form.verify(third, timeout=PATIENCE).username == road.username
    assert ways.since() == (1, 1)


def _refuse_to_start(thread: Thread) -> None:
    """As Python does where the system gives no more threads; the library's own are started elsewhere."""
    if thread.name == "tokenhouse-answers":
        raise RuntimeError("can't start new thread")
    _START(thread)


def test_a_stream_that_brought_nothing_is_not_tried_at_every_token() -> None:
    """Where nobody listens its batch is told so, and the next ones are not put for a while."""
    told: list[object] = []
    with grpc.insecure_channel("127.0.0.1:1", [("grpc.enable_http_proxy", 0)]) as channel:
        stream = batch_stream.BatchStream(channel, GrpcThreads())
        opened = stream.put(StreamValidateTokensRequest(), told.append)
        assert opened is not None
        wait_until(lambda: opened.has_ended and bool(told), "the end")
        assert stream.put(StreamValidateTokensRequest(), told.append) is None
    assert told == [None]
