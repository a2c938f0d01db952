"""The core killed, frozen, cut off, restored: nothing revoked is accepted past its bound, nothing good refused then."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from tokenhouse.v1 import grant_admin_pb2
from tokenhouse_verifier import memory
from tokenhouse_verifier.errors import InvalidToken, Unavailable

from core.rpc import change_streams
from tests.fakes.clock import RunningClock
from tests.faults.core_process import CoreProcess
from tests.faults.road import Road
from tests.rpc.batches import streams_of
from tests.rpc.road import Road as ServedRoad
from tests.serving import ISSUER, Serving
from tests.verifier.conftest import Open
from tests.verifier.forms import (
    FORMS,
    PATIENCE,
    Form,
    follow,
    refusal_of,
    verifying,
    verifying_in_each_form,
    wait_until,
    wait_until_refused,
)
from tests.verifier.proxy import Proxy

#: What a message may have been under way in the proxy's thread when it was told to freeze, in seconds.
_ON_THE_WAY = 1.0
#: Who asks without a pause for seconds takes the processor from other tests. In seconds.
_BETWEEN = 0.005


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CoreProcess]:
    """A core that is a process of its own."""
    with CoreProcess(tmp_path_factory.mktemp("core")) as started:
        yield started


@pytest.fixture(scope="module")
def app(core: CoreProcess) -> Road:
    """A browser that is signed in, and its clients."""
    signed_in = Road(core)
    signed_in.log_in()
    return signed_in


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> float:
    """A silence that is too long sooner than usual, for tests that have to wait for it; in seconds."""
    monkeypatch.setattr(memory, "SILENCE", 2.0)
    return 2.0


def test_a_frozen_core_is_believed_for_five_seconds(core: CoreProcess, app: Road) -> None:
    """house.md: after 5 s of silence nothing remembered is trusted; the core is asked, and nobody can tell."""
    token = app.connect().access_token
    with verifying_in_each_form(core.target, audience=ISSUER) as verifiers:
        for verifier in verifiers:
            follow(verifier, token)
        core.freeze()
        try:
            frozen_at, believing = time.monotonic(), list(verifiers)
            while believing:
                for verifier in list(believing):
                    began = time.monotonic()
                    refusal = refusal_of(verifier, token, timeout=0.2)
                    if refusal is None:
                        assert began < frozen_at + 5, verifier
                    else:
                        assert isinstance(refusal, Unavailable)
                        assert refusal.status == 503
                        believing.remove(verifier)
                time.sleep(_BETWEEN)
        finally:
            core.thaw()
        for verifier in verifiers:
            assert verifier.verify(token, timeout=PATIENCE).username == "admin"
            _wait_until_it_follows(verifier)


@pytest.mark.parametrize("end", [CoreProcess.kill, CoreProcess.stop], ids=["killed", "stopped"])
def test_a_core_that_comes_back_is_found_by_itself(
    core: CoreProcess, app: Road, end: Callable[[CoreProcess], None], impatient: float
) -> None:
    """Good before, unavailable meanwhile, good afterwards; what was revoked stays so throughout."""
    token, ended = app.connect().access_token, app.connect()
    with verifying_in_each_form(core.target, audience=ISSUER) as verifiers:
        for verifier in verifiers:
            follow(verifier, token)
            verifier.verify(ended.access_token)
        app.revoke(ended)
        for verifier in verifiers:
            wait_until_refused(verifier, ended.access_token)
        end(core)
        try:
            for verifier in verifiers:
                _wait_for_silence(verifier, token)
                assert refusal_of(verifier, ended.access_token, timeout=0.1) is not None
        finally:
            core.start()
        for verifier in verifiers:
            assert verifier.verify(token, timeout=PATIENCE).username == "admin"
            assert isinstance(refusal_of(verifier, ended.access_token, timeout=PATIENCE), InvalidToken)
            _wait_until_it_follows(verifier)
            assert verifier.verify(token) is verifier.verify(token)


def _wait_until_it_follows(verifier: Form) -> None:
    wait_until(lambda: verifier.verifier.is_following, "the changes to be followed again")


def _wait_for_silence(verifier: Form, token: str) -> None:
    wait_until(lambda: isinstance(refusal_of(verifier, token, timeout=0.1), Unavailable), "silence")


def test_a_call_waits_for_a_core_that_restarts(core: CoreProcess, app: Road) -> None:
    """Within its deadline, so that a restart costs nobody a request."""
    token = app.connect().access_token
    core.kill()
    with verifying_in_each_form(core.target, audience=ISSUER) as verifiers:
        for verifier in verifiers:
            assert isinstance(refusal_of(verifier, token, timeout=0.3), Unavailable)
        core.start()
        for verifier in verifiers:
            assert verifier.verify(token, timeout=PATIENCE).username == "admin"


def test_what_is_revoked_behind_a_partition(road: ServedRoad, form: Form, proxy: Proxy, impatient: float) -> None:
    """Acknowledged while the verifier hears nothing: accepted while silence is believed, refused afterwards."""
    token, other = road.connect(), road.connect().access_token
    follow(form, token.access_token)
    form.verify(other)
    proxy.freeze()
    frozen_at = last = time.monotonic()
    _revoke(road, token.access_token)
    while True:
        began = time.monotonic()
        if refusal_of(form, token.access_token, timeout=0.1) is not None:
            break
        last = began
        time.sleep(_BETWEEN)
    assert last < frozen_at + impatient + _ON_THE_WAY
    assert isinstance(refusal_of(form, token.access_token, timeout=0.1), Unavailable)
    proxy.thaw()
    assert isinstance(refusal_of(form, token.access_token, timeout=PATIENCE), InvalidToken)
    assert form.verify(other, timeout=PATIENCE).username == road.username


def test_a_connection_that_breaks_is_made_again(road: ServedRoad, form: Form, proxy: Proxy) -> None:
    """Cut in the middle: the call is repeated within its deadline, and the stream goes on."""
    token = road.connect()
    follow(form, token.access_token)
    for _ in range(3):
        proxy.cut()
        assert form.verify(road.connect().access_token, timeout=PATIENCE).username == road.username
    _revoke(road, token.access_token)
    assert isinstance(wait_until_refused(form, token.access_token), InvalidToken)


def test_what_comes_late_is_as_old_as_it_is(road: ServedRoad, form: Form, proxy: Proxy, impatient: float) -> None:
    """Heartbeats that arrive every second, each of them too late: nothing is trusted because of them."""
    token = road.connect().access_token
    follow(form, token)
    proxy.delay = impatient + 1.0
    wait_until(lambda: not form.verifier.is_following, "the delay to be noticed")
    began = time.monotonic()
    while time.monotonic() < began + 1.5:
        assert not form.verifier.is_following
        time.sleep(0.05)
    proxy.delay = 0
    wait_until(lambda: form.verifier.is_following, "the network to be well again")
    assert form.verify(token).username == road.username


def test_no_stream_no_memory(road: ServedRoad, form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all streams are taken every token is asked for: slower, and right."""
    monkeypatch.setattr(change_streams, "MOST_STREAMS", 0)
    token = road.connect().access_token
    for _ in range(3):
        assert form.verify(token).username == road.username
    assert not form.verifier.is_following
    _revoke(road, token)
    assert isinstance(refusal_of(form, token), InvalidToken)


def test_a_short_deadline_ends_soon(road: ServedRoad, opened: Open, proxy: Proxy) -> None:
    """A caller waits for its own deadline, not for the verifier's."""
    form = opened(timeout=600)
    proxy.freeze()
    began = time.monotonic()
    assert isinstance(refusal_of(form, road.connect().access_token, timeout=0.2), Unavailable)
    assert isinstance(refusal_of(form, road.connect().access_token, timeout=0), Unavailable)
    assert time.monotonic() < began + PATIENCE


def test_a_deadline_that_passes_before_its_time(road: ServedRoad, form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    """gRPC makes deadlines of the wall clock; when that is set meanwhile a call ends at once, and is repeated."""
    monkeypatch.setattr(streams_of(road.serving).room, "most", 0)
    token, behind = road.connect().access_token, iter([3600.0] * 3)
    clock = SimpleNamespace(**{**vars(time), "time": lambda: time.time() - next(behind, 0.0)})
    monkeypatch.setattr("grpc._channel.time", clock)
    assert form.verify(token, timeout=PATIENCE).username == road.username
    assert next(behind, None) is None


def test_a_service_may_choose_to_go_on(road: ServedRoad, opened: Open, proxy: Proxy, impatient: float) -> None:
    """`accept_stale_for`: what is remembered goes on to be good for so long where the core cannot be asked."""
    form = opened(accept_stale_for=3600)
    token, unseen, ended = (road.connect().access_token for _ in range(3))
    follow(form, token)
    form.verify(ended)
    _revoke(road, ended)
    wait_until_refused(form, ended)
    proxy.freeze()
    wait_until(lambda: not form.verifier.is_following, "silence")
    assert form.verify(token, timeout=0.1).username == road.username
    assert isinstance(refusal_of(form, unseen, timeout=0.1), Unavailable)
    assert isinstance(refusal_of(form, ended, timeout=0.1), Unavailable)


def test_and_not_longer_than_it_chose(road: ServedRoad, opened: Open, proxy: Proxy, impatient: float) -> None:
    """`accept_stale_for` is a time, not a switch."""
    form, token = opened(accept_stale_for=1.0), road.connect().access_token
    follow(form, token)
    proxy.freeze()
    began = time.monotonic()
    while refusal_of(form, token, timeout=0.1) is None:
        assert time.monotonic() < began + PATIENCE
        time.sleep(_BETWEEN)
    assert isinstance(refusal_of(form, token, timeout=0.1), Unavailable)


@pytest.mark.parametrize("form", FORMS)
def test_a_restored_database_is_another_history(tmp_path: Path, form: str) -> None:
    """What is known of the old one is forgotten, and the new one is followed: also where it has grown past the old."""
    serving = Serving(tmp_path, clock=RunningClock())
    serving.start()
    port = serving.config.grpc.listen.port
    road = ServedRoad(serving)
    road.begin()
    token, later = road.connect().access_token, road.connect().access_token
    _revoke(road, road.connect().access_token)
    serving.stop()
    shutil.copytree(tmp_path / "data", tmp_path / "backup")
    serving.start(port)
    with Proxy(port) as proxy, verifying(form, proxy.target, audience=ISSUER) as verifier:
        follow(verifier, token)
        verifier.verify(later)
        for _ in range(3):
            _revoke(road, road.connect().access_token)
        wait_until(lambda: verifier.verifier._memory.revision == 4, "revision 4")

        _restore(serving, tmp_path, port)
        assert verifier.verify(token, timeout=PATIENCE).username == road.username
        wait_until(lambda: verifier.verifier._memory.revision == 1, "the restored revision")
        follow(verifier, later)

        proxy.freeze()
        proxy.cut()
        _restore(serving, tmp_path, port)
        _revoke(road, later)
        for _ in range(3):
            _revoke(road, road.connect().access_token)
        proxy.thaw()
        assert isinstance(wait_until_refused(verifier, later), InvalidToken)
        assert verifier.verify(token, timeout=PATIENCE).username == road.username
    serving.stop()


def _restore(serving: Serving, folder: Path, port: int) -> None:
    serving.stop()
    shutil.rmtree(folder / "data")
    shutil.copytree(folder / "backup", folder / "data")
    serving.start(port)


def _revoke(road: ServedRoad, token: str) -> None:
    request = grant_admin_pb2.RevokeGrantRequest(grant_id=road.validate(token).grant_id)
    assert road.serving.grants.RevokeGrant(request, timeout=PATIENCE).revoked
