"""ChangesService: every change, in order, without gaps, to everybody who watches."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from tokenhouse.v1 import changes_pb2 as pb
from tokenhouse.v1 import (
    changes_pb2_grpc,
    client_admin_pb2,
    discovery_pb2,
    grant_admin_pb2,
    key_admin_pb2,
    revocation_pb2,
    user_admin_pb2,
)

from core.domain.tokens.change import ChangeKind
from core.rpc import change_streams
from tests.patience import PATIENCE
from tests.rpc.road import Road, read_refusal, refused
from tests.rpc.watching import Watch, watching
from tests.running import wait_until
from tests.serving import DEADLINE, ISSUER, Serving, public_client


@pytest.fixture
def watch(serving: Serving) -> Iterator[Watch]:
    """A stream that has been told what stands."""
    with watching(serving.channels["service"]) as begun:
        yield begun


def _set_groups(road: Road, *groups: str) -> None:
    request = user_admin_pb2.SetGroupsRequest(username=road.username, groups=groups)
    road.serving.users.SetGroups(request, timeout=DEADLINE)


def _revoke_grant(road: Road) -> str:
    grant_id = road.validate(road.connect().access_token).grant_id
    road.serving.grants.RevokeGrant(grant_admin_pb2.RevokeGrantRequest(grant_id=grant_id), timeout=DEADLINE)
    return grant_id


def _give_back(road: Road) -> str:
    tokens = road.connect()
    grant_id = road.validate(tokens.access_token).grant_id
    request = revocation_pb2.RevokeTokenRequest(token=tokens.refresh_token, client=public_client(road.client_id))
    road.serving.revocation.RevokeToken(request, timeout=DEADLINE)
    return grant_id


def _subject(road: Road) -> str:
    request = user_admin_pb2.GetUserRequest(username=road.username)
    return road.serving.users.GetUser(request, timeout=DEADLINE).user.subject


def _change_groups(road: Road) -> str:
    _set_groups(road, "ops")
    return _subject(road)


def _disable(road: Road) -> str:
    road.serving.users.DisableUser(user_admin_pb2.DisableUserRequest(username=road.username), timeout=DEADLINE)
    return _subject(road)


def _block(road: Road) -> str:
    road.serving.clients.BlockClient(client_admin_pb2.BlockClientRequest(client_id=road.client_id), timeout=DEADLINE)
    return road.client_id


def _delete_user(road: Road) -> str:
    subject = _subject(road)
    road.serving.users.DeleteUser(user_admin_pb2.DeleteUserRequest(username=road.username), timeout=DEADLINE)
    return subject


ACTS: list[tuple[Callable[[Road], str], str]] = [
    (_revoke_grant, "GRANT_REVOKED"),
    (_give_back, "GRANT_REVOKED"),
    (_change_groups, "SUBJECT_CHANGED"),
    (_disable, "SUBJECT_REVOKED"),
    (_block, "CLIENT_REVOKED"),
    (_delete_user, "SUBJECT_REVOKED"),
]


def test_kinds_have_the_numbers_of_the_contract() -> None:
    """changes.proto: what is stored is what is told."""
    told = {name.removeprefix("CHANGE_KIND_"): number for name, number in pb.ChangeKind.items()}
    assert told == {"UNSPECIFIED": 0, **{kind.name: kind.value for kind in ChangeKind}}


@pytest.mark.parametrize(("act", "kind"), ACTS, ids=lambda value: getattr(value, "__name__", value))
def test_each_change_is_told_with_its_target(road: Road, act: Callable[[Road], str], kind: str) -> None:
    """Before whoever made it is answered it is on its way: the next revision, its kind, what it concerns."""
    with watching(road.serving.channels["service"]) as watch:
        before = watch.last.revision
        target = act(road)
        watch.wait_for_revision(before + 1)
    [change] = watch.changes
    assert (change.revision, pb.ChangeKind.Name(change.kind), change.target) == (
        before + 1,
        f"CHANGE_KIND_{kind}",
        target,
    )


def test_a_stream_begins_with_the_policy_and_what_stands(road: Road) -> None:
    """changes.proto: issuer, switches and public keys; then the changes that can still concern a living token."""
    grant_id = _revoke_grant(road)
    with watching(road.serving.channels["service"]) as watch:
        first = watch.messages[0]
    facts = road.serving.discovery.GetServerMetadata(discovery_pb2.GetServerMetadataRequest(), timeout=DEADLINE)
    assert first.policy == pb.Policy(
        issuer=ISSUER, oauth_clients_enabled=True, server_wide_tokens=True, jwks=facts.jwks
    )
    assert first.snapshot.begins
    assert first.snapshot.complete
    assert first.snapshot.changes[-1].target == grant_id
    assert first.revision == first.snapshot.changes[-1].revision
    assert first.sent_at_ms == road.serving.clock.now_ms()


def test_a_message_comes_every_second(watch: Watch) -> None:
    """changes.proto: a heartbeat holds the revision, the mark and the time, and nothing else."""
    watch.wait_for(lambda: len(watch.messages) >= 4, "three heartbeats")
    first = watch.messages[0]
    for beat in watch.messages[1:4]:
        assert beat == pb.WatchChangesResponse(revision=first.revision, mark=first.mark, sent_at_ms=beat.sent_at_ms)


def test_a_stream_goes_on_where_it_broke(road: Road) -> None:
    """Resumed with revision and mark: just what was missed, gapless, and no snapshot; a restart changes nothing."""
    _revoke_grant(road)
    channel = road.serving.channels["service"]
    with watching(channel) as watch:
        left = watch.last
    targets = [_revoke_grant(road) for _ in range(3)]
    for _ in range(2):
        with watching(road.serving.channels["service"], left.revision, left.mark) as watch:
            watch.wait_for_revision(left.revision + 3)
        assert not any(message.HasField("snapshot") for message in watch.messages)
        assert watch.messages[0].HasField("policy")
        assert [(change.revision - left.revision, change.target) for change in watch.changes] == list(
            enumerate(targets, 1)
        )
        road.serving.restart()


def test_where_it_cannot_go_on_a_snapshot_comes(road: Road) -> None:
    """Another mark, none, or a revision that was never reached: the database was restored, what is known is void."""
    _revoke_grant(road)
    channel = road.serving.channels["service"]
    with watching(channel) as watch:
        left = watch.last
    for since, mark in ((left.revision, b"another"), (left.revision, b""), (left.revision + 5, left.mark), (-1, b"")):
        with watching(channel, since, mark) as watch:
            assert watch.messages[0].snapshot.begins
            assert watch.messages[0].revision == left.revision


def test_switches_are_told_with_the_policy_they_made(road: Road, watch: Watch) -> None:
    """Server.OAuthClientsEnabled and OAuth.ServerWideTokens, reloaded: a change each, and the policy in its message."""
    serving, before, token = road.serving, watch.last.revision, road.connect().access_token
    policy = serving.config.policy()
    try:
        serving.core.change_policy(replace(policy, clients_enabled=False))
        watch.wait_for_revision(before + 1)
        answer = road.validate(token)
        assert (answer.active, answer.revision) == (False, before + 1)
        serving.core.change_policy(replace(policy, server_wide_tokens=False))
        watch.wait_for_revision(before + 3)
        assert not road.validate(token, "https://mcp.example.com/").active
    finally:
        serving.core.change_policy(policy)
    watch.wait_for_revision(before + 4)
    assert road.validate(token, "https://mcp.example.com/").active
    assert [(pb.ChangeKind.Name(change.kind)[12:], change.target) for change in watch.changes] == [
        ("CLIENTS_SWITCHED", "off"),
        ("CLIENTS_SWITCHED", "on"),
        ("SERVER_WIDE_TOKENS_SWITCHED", "off"),
        ("SERVER_WIDE_TOKENS_SWITCHED", "on"),
    ]
    with_policy = [message for message in watch.messages[1:] if message.HasField("policy")]
    assert all(message.changes.changes for message in with_policy)
    assert with_policy[-1].policy == watch.messages[0].policy


def test_a_policy_that_switches_nothing_is_no_change(serving: Serving, watch: Watch) -> None:
    """A reloaded lifetime concerns no token that there is."""
    before, policy = watch.last.revision, serving.config.policy()
    serving.core.change_policy(replace(policy, access_token_lifetime=60))
    serving.core.change_policy(policy)
    assert serving.core._store.current_revision() == before


def test_new_keys_are_told(serving: Serving, watch: Watch) -> None:
    """A published signing key reaches every watcher with the next message, the one that signs beside it."""
    old = watch.messages[0].policy.jwks
    serving.keys.RotateSigningKey(key_admin_pb2.RotateSigningKeyRequest(), timeout=DEADLINE)
    watch.wait_for(lambda: any(message.policy.jwks for message in watch.messages[1:]), "the new keys")
    [told] = [message.policy.jwks for message in watch.messages[1:] if message.HasField("policy")]
    assert told.count('"kid"') == old.count('"kid"') + 1


def test_a_withdrawn_key_is_a_change_and_in_no_policy_after_it(serving: Serving, watch: Watch) -> None:
    """changes.proto: who applies the message that has the change has no such key any more."""
    before = watch.last.revision
    request = key_admin_pb2.RotateSigningKeyRequest(now=True)
    kid = serving.keys.RotateSigningKey(request, timeout=DEADLINE).key.key_id
    watch.wait_for(lambda: any(kid in message.policy.jwks for message in watch.messages), "the new key")
    withdrawal = key_admin_pb2.WithdrawSigningKeyRequest(key_id=kid)
    serving.keys.WithdrawSigningKey(withdrawal, timeout=DEADLINE)
    watch.wait_for_revision(before + 1)
    [change] = watch.changes
    assert (pb.ChangeKind.Name(change.kind), change.target) == ("CHANGE_KIND_KEY_WITHDRAWN", kid)
    told = watch.messages[[bool(message.changes.changes) for message in watch.messages].index(True)]
    assert told.policy.jwks
    assert kid not in told.policy.jwks


def _laggards(serving: Serving) -> list[str]:
    keys = serving.keys.ListKeys(key_admin_pb2.ListKeysRequest(), timeout=DEADLINE).keys
    return [each.address for key in keys if key.state == "published" for each in key.laggards]


def test_who_has_not_acknowledged_a_key_is_named(serving: Serving, watch: Watch) -> None:
    """By its end of the connection; what it acknowledges later counts alone."""
    serving.keys.RotateSigningKey(key_admin_pb2.RotateSigningKeyRequest(), timeout=DEADLINE)
    [address] = _laggards(serving)
    assert re.fullmatch(r"127\.0\.0\.1:\d+", address)
    stub = changes_pb2_grpc.ChangesServiceStub(serving.channels["service"])
    everything = [key.key_id for key in serving.keys.ListKeys(key_admin_pb2.ListKeysRequest(), timeout=DEADLINE).keys]
    watch_id = watch.messages[0].watch_id
    for known, lacking in ((everything, []), (everything[1:], [address]), ([], [address]), (everything, [])):
        request = pb.AcknowledgeKeysRequest(watch_id=watch_id, key_ids=known)
        stub.AcknowledgeKeys(request, timeout=DEADLINE)
        assert _laggards(serving) == lacking
    assert not any(message.watch_id for message in watch.messages[1:])


def test_no_stream_but_an_open_one_is_acknowledged_for(serving: Serving) -> None:
    """NOT_FOUND: unknown, absent, or its stream has ended."""
    stub = changes_pb2_grpc.ChangesServiceStub(serving.channels["service"])
    with watching(serving.channels["service"]) as ended:
        pass
    wait_until(lambda: serving.core._streams.count() == 0, "the stream to have ended")
    for watch_id in (b"", bytes(16), ended.messages[0].watch_id):
        request = pb.AcknowledgeKeysRequest(watch_id=watch_id)
        refusal = refused(stub.AcknowledgeKeys, request)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")


def test_many_watch_and_nobody_waits(road: Road) -> None:
    """a hundred streams on sixteen threads; a change reaches all, and calls are answered meanwhile."""
    token = road.connect().access_token
    with ExitStack() as stack:
        watches = [stack.enter_context(watching(road.serving.channels["service"])) for _ in range(100)]
        before = watches[0].last.revision
        for number in range(10):
            _set_groups(road, f"group {number}")
            assert list(road.validate(token).groups) == [f"group {number}"]
        for watch in watches:
            watch.wait_for_revision(before + 10)
            assert [change.revision for change in watch.changes] == list(range(before + 1, before + 11))


def test_there_are_512_streams_and_no_more(serving: Serving) -> None:
    """counted by ourselves, the next one is RESOURCE_EXHAUSTED; one that ends makes room."""
    stub = changes_pb2_grpc.ChangesServiceStub(serving.channels["service"])
    calls: list[Any] = []
    try:
        for _ in range(change_streams.MOST_STREAMS):
            calls.append(stub.WatchChanges(pb.WatchChangesRequest(), timeout=300))
            next(calls[-1])
        with pytest.raises(grpc.RpcError) as refused:
            next(stub.WatchChanges(pb.WatchChangesRequest(), timeout=DEADLINE))
        refusal = read_refusal(refused.value)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_STREAMS")
        calls.pop().cancel()
        with watching(serving.channels["service"]) as watch:
            while watch.error is not None:
                watch.stop()
                watch = Watch(serving.channels["service"])
                watch.wait_for(lambda w=watch: bool(w.messages) or w.error is not None, "room")  # type: ignore[misc]
            watch.stop()
    finally:
        for call in calls:
            call.cancel()


#: More than take turns at telling.
_SILENT = 6


def test_who_does_not_read_holds_up_nobody_and_is_cut_off(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than their connections' buffers hold, and more of them than threads: the others are told all of it."""
    # Nobody is cut off before the silent ones are alone: on a busy machine the other, too, may be slow for a while.
    monkeypatch.setattr(change_streams, "_PATIENCE", PATIENCE * 60.0)
    serving, now = road.serving, road.serving.clock.now()
    streams = serving.core._streams
    with ExitStack() as stack:
        silent = [_watch_silently(stack.enter_context(_own_channel(serving))) for _ in range(_SILENT)]
        with watching(serving.channels["service"]) as watch:
            before = watch.last.revision
            for _ in range(60):
                serving.core._store.write(
                    lambda tx: [
                        tx.record_change(ChangeKind.CLIENT_REVOKED, "c" * 100, now=now, keep_until=now + 60)
                        for _ in range(400)
                    ]
                )
            watch.wait_for_revision(before + 24_000)
            assert streams.count() == _SILENT + 1
        assert [change.revision for change in watch.changes] == list(range(before + 1, before + 24_001))
        monkeypatch.setattr(change_streams, "_PATIENCE", 0.5)
        wait_until(lambda: streams.count() == 0, "the silent ones to be cut off")
        for stream in silent:
            with pytest.raises(grpc.RpcError) as ended:
                for _ in stream:
                    pass
            assert ended.value.code() is grpc.StatusCode.CANCELLED
    wait_until(lambda: streams._turns._threads == change_streams._THREADS, "the threads in their place to end")


def _watch_silently(channel: grpc.Channel) -> Any:
    stream: Any = changes_pb2_grpc.ChangesServiceStub(channel).WatchChanges(pb.WatchChangesRequest())
    next(stream)
    return stream


def _own_channel(serving: Serving) -> grpc.Channel:
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.http2.bdp_probe", 0)]
    return grpc.insecure_channel(f"127.0.0.1:{serving.config.grpc.listen.port}", options)


def test_a_core_that_stops_says_so(tmp_path: Path) -> None:
    """UNAVAILABLE at once, not when the grace of calls in flight is over."""
    serving = Serving(tmp_path)
    serving.start()
    with watching(serving.channels["service"]) as watch:
        serving.core._streams.stop(PATIENCE)
        refusal = read_refusal(watch.wait_for_end())
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "STOPPING")
    with pytest.raises(grpc.RpcError) as refused:
        next(changes_pb2_grpc.ChangesServiceStub(serving.channels["service"]).WatchChanges(pb.WatchChangesRequest()))
    assert read_refusal(refused.value).reason == "STOPPING"
    serving.stop()
