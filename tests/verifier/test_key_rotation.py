"""A new key signs when the verifiers that are connected have it, and one that is withdrawn verifies nowhere."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from tokenhouse.v1 import changes_pb2_grpc
from tokenhouse.v1 import key_admin_pb2 as pb
from tokenhouse_verifier.errors import InvalidToken

from core.domain.keys.rotation import RECONNECTING, SHORTEST_PUBLICATION
from core.rpc.callers import MAY_CALL
from tests.fakes.clock import RunningClock
from tests.rpc.road import Road
from tests.rpc.watching import watching
from tests.serving import DEADLINE, ISSUER, Serving
from tests.verifier.forms import Form, follow, refusal_of, verifying, wait_until, wait_until_refused

HOUR = 3600


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    """A core of each test's own, that has served long enough to know who is connected."""
    with Serving(tmp_path, clock=RunningClock()) as core:
        core.clock.advance(RECONNECTING)
        yield core


@pytest.fixture
def form(serving: Serving, road: Road) -> Iterator[Form]:
    """A verifier that follows, and checks signatures by itself; both forms read the stream with the same thread."""
    target = f"127.0.0.1:{serving.config.grpc.listen.port}"
    with verifying("threads", target, audience=ISSUER, verify_locally=True) as made:
        follow(made, road.connect().access_token)
        yield made


def keys(serving: Serving) -> list[pb.SigningKey]:
    """`tokenhouse keys list`."""
    return list(serving.keys.ListKeys(pb.ListKeysRequest(), timeout=DEADLINE).keys)


def rotate(serving: Serving) -> pb.SigningKey:
    """`tokenhouse keys rotate`."""
    return serving.keys.RotateSigningKey(pb.RotateSigningKeyRequest(), timeout=DEADLINE).key


def withdraw(serving: Serving, key_id: str) -> None:
    """`tokenhouse keys withdraw`."""
    serving.keys.WithdrawSigningKey(pb.WithdrawSigningKeyRequest(key_id=key_id), timeout=DEADLINE)


def is_signing(serving: Serving, key_id: str) -> bool:
    """Whether this key signs."""
    return any(key.key_id == key_id and key.state == "signing" for key in keys(serving))


def acknowledged(serving: Serving) -> bool:
    """Whether a key is published, somebody is connected, and nobody lacks the key."""
    return serving.core._streams.count() > 0 and any(
        key.state == "published" and not key.laggards for key in keys(serving)
    )


def test_a_key_that_every_verifier_has_signs_before_the_stated_time(serving: Serving, road: Road, form: Form) -> None:
    """key_admin.proto: it is acknowledged without anybody's doing, and its first token needs no call."""
    new = rotate(serving)
    wait_until(lambda: acknowledged(serving), "the acknowledgement")
    serving.clock.advance(SHORTEST_PUBLICATION)
    wait_until(lambda: is_signing(serving, new.key_id), "the key to sign")
    assert serving.clock.now() < new.signs_by
    assert form.verify(road.connect().access_token).username == road.username
    assert new.key_id in form.verifier._signatures._keys  # type: ignore[union-attr]


def test_a_verifier_that_never_acknowledges_is_waited_for_no_longer_than_stated(
    serving: Serving, road: Road, form: Form
) -> None:
    """One of an older version follows as ever; it is named, and then the key signs without it."""
    with watching(serving.channels["service"]) as old:
        new = rotate(serving)
        old.wait_for(lambda: any(new.key_id in message.policy.jwks for message in old.messages), "the key")
        wait_until(lambda: [len(key.laggards) for key in keys(serving)[:1]] == [1], "the other's acknowledgement")
        serving.clock.advance(SHORTEST_PUBLICATION)
        heard = len(old.messages)
        old.wait_for(lambda: len(old.messages) > heard + 2, "two seconds in which nothing happens")
        assert not is_signing(serving, new.key_id)
        serving.clock.advance(HOUR)
        wait_until(lambda: is_signing(serving, new.key_id), "the key to sign")
        assert form.verify(road.connect().access_token).username == road.username


def test_a_verifier_that_connects_while_a_key_is_published_acknowledges_it(serving: Serving, road: Road) -> None:
    """With its first message it has the key, and says so."""
    rotate(serving)
    assert not acknowledged(serving)
    target = f"127.0.0.1:{serving.config.grpc.listen.port}"
    with verifying("threads", target, audience=ISSUER) as late:
        follow(late, road.connect().access_token)
        wait_until(lambda: acknowledged(serving), "the acknowledgement")


def test_a_core_that_restarts_while_a_key_is_published_is_told_again(serving: Serving, road: Road, form: Form) -> None:
    """The verifiers come back, acknowledge anew, and the key signs."""
    new = rotate(serving)
    wait_until(lambda: acknowledged(serving), "the acknowledgement")
    port = serving.config.grpc.listen.port
    serving.clock.advance(SHORTEST_PUBLICATION)
    serving.stop()
    serving.start(port)
    assert [key.state for key in keys(serving)] == ["published", "signing"] or is_signing(serving, new.key_id)
    wait_until(lambda: serving.core._streams.count() == 1, "the verifier to be back")
    wait_until(lambda: acknowledged(serving) or is_signing(serving, new.key_id), "the acknowledgement")
    serving.clock.advance(RECONNECTING)
    wait_until(lambda: is_signing(serving, new.key_id), "the key to sign")
    assert form.verify(road.connect().access_token).username == road.username


def test_a_withdrawn_key_verifies_nowhere(serving: Serving, road: Road, form: Form) -> None:
    """Its tokens are refused, remembered or not, and those of the key that signs instead are good."""
    token, unseen = (road.connect().access_token for _ in range(2))
    follow(form, token)
    [signing] = [key.key_id for key in keys(serving)]
    withdraw(serving, signing)
    assert isinstance(wait_until_refused(form, token), InvalidToken)
    assert isinstance(refusal_of(form, unseen), InvalidToken)
    assert form.verify(road.connect().access_token).username == road.username
    assert signing not in form.verifier._signatures._keys  # type: ignore[union-attr]


def test_a_core_of_an_older_version_is_followed_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """UNIMPLEMENTED: it waits for nobody, and nobody asks it twice on one stream."""
    monkeypatch.delitem(MAY_CALL, "/tokenhouse.v1.ChangesService/AcknowledgeKeys")
    folder = tmp_path / "older"
    folder.mkdir()
    with Serving(folder) as older:
        road = Road(older)
        road.begin()
        token = road.connect().access_token
        with verifying("threads", f"127.0.0.1:{older.config.grpc.listen.port}", audience=ISSUER) as verifier:
            remembered = follow(verifier, token)
            acknowledging = verifier.verifier._link.changes._acknowledging  # type: ignore[union-attr]
            wait_until(lambda: acknowledging._call is None and not acknowledging._watch_id, "the refusal")
            assert verifier.verify(token) is remembered
            assert verifier.verifier.is_following


def test_an_acknowledgement_that_was_lost_is_sent_again(
    serving: Serving, road: Road, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The core was too busy to hear it: with the next message it is said again."""
    acknowledging = form.verifier._link.changes._acknowledging  # type: ignore[union-attr]
    acknowledge, calls = acknowledging._acknowledge, list[Any]()
    channel = grpc.insecure_channel("unix:nowhere.sock")
    nowhere = changes_pb2_grpc.ChangesServiceStub(channel).AcknowledgeKeys

    class Losing:
        """Sends the first to where there is no core."""

        def future(self, request: Any, timeout: float) -> Any:
            """The call under way."""
            call = (acknowledge if calls else nowhere).future(request, timeout=timeout)
            calls.append(call)
            return call

    monkeypatch.setattr(acknowledging, "_acknowledge", Losing())
    rotate(serving)
    wait_until(lambda: acknowledged(serving), "the acknowledgement")
    assert len(calls) == 2
    channel.close()
