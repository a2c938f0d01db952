"""KeyAdminService: rotation while everything goes on."""

import json
import os
from base64 import urlsafe_b64encode
from dataclasses import replace

import grpc
import pytest
from tokenhouse.v1 import discovery_pb2, key_admin_pb2

from core.domain.keys.rotation_schedule import RotationSchedule
from tests.rpc.road import Road, refused
from tests.running import wait_until
from tests.serving import DEADLINE, Serving


def _keys(serving: Serving) -> list[key_admin_pb2.SigningKey]:
    return list(serving.keys.ListKeys(key_admin_pb2.ListKeysRequest(), timeout=DEADLINE).keys)


def _published(serving: Serving) -> list[str]:
    facts = serving.discovery.GetServerMetadata(discovery_pb2.GetServerMetadataRequest(), timeout=DEADLINE)
    return [key["kid"] for key in json.loads(facts.jwks)["keys"]]


def _rotate(serving: Serving, *, now: bool = False) -> key_admin_pb2.SigningKey:
    return serving.keys.RotateSigningKey(key_admin_pb2.RotateSigningKeyRequest(now=now), timeout=DEADLINE).key


def _withdraw(serving: Serving, key_id: str) -> key_admin_pb2.SigningKey:
    request = key_admin_pb2.WithdrawSigningKeyRequest(key_id=key_id)
    return serving.keys.WithdrawSigningKey(request, timeout=DEADLINE).successor


def test_a_new_signing_key_signs_at_once_where_that_is_asked_for(road: Road) -> None:
    """RFC 7517: the listing says which signs, which verifies, and until when; the JWK Set holds the same."""
    serving = road.serving
    old_token, old = road.connect().access_token, _keys(serving)[0]
    new = _rotate(serving, now=True)
    keys = _keys(serving)
    assert (new.state, new.algorithm, new.HasField("verifies_until")) == ("signing", "ES256", False)
    assert [key.key_id for key in keys][:2] == [new.key_id, old.key_id] == _published(serving)[:2]
    assert (keys[1].state, keys[1].verifies_until) == ("retired", serving.clock.now() + 86400)
    for _ in range(2):
        assert road.validate(old_token).active
        assert road.validate(road.connect().access_token).active
        serving.restart()


def test_a_new_signing_key_is_published_first(road: Road) -> None:
    """key_admin.proto: in the JWK Set, and it says when it signs at the latest; asked again, it is the same."""
    serving = road.serving
    signing = _rotate(serving, now=True)
    new = _rotate(serving)
    assert (new.state, new.signs_by) == ("published", serving.clock.now() + 3600)
    assert not new.HasField("signs_since")
    assert _published(serving)[:2] == [signing.key_id, new.key_id]
    assert _rotate(serving).key_id == new.key_id
    serving.restart()
    serving.clock.advance(3600)
    wait_until(lambda: _keys(serving)[0].state == "signing", "the stated time to have passed")
    assert _keys(serving)[0].signs_since == serving.clock.now()


def test_a_withdrawn_key_verifies_nothing(road: Road) -> None:
    """key_admin.proto: when it is answered every token of the key is refused, and another key signs."""
    serving = road.serving
    signing = _rotate(serving, now=True)
    token = road.connect().access_token
    successor = _withdraw(serving, signing.key_id)
    assert successor.state == "signing"
    assert not road.validate(token).active
    assert road.validate(road.connect().access_token).active
    assert signing.key_id not in _published(serving)
    [listed] = [key for key in _keys(serving) if key.key_id == signing.key_id]
    assert (listed.state, listed.withdrawn_at) == ("withdrawn", serving.clock.now())
    refusal = refused(serving.keys.WithdrawSigningKey, key_admin_pb2.WithdrawSigningKeyRequest(key_id=signing.key_id))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")


def test_the_next_rotation_is_told(serving: Serving) -> None:
    """Keys.SigningKeyRotationPeriod, counted from when the key that signs began; never is told as nothing."""
    _rotate(serving, now=True)
    request = key_admin_pb2.ListKeysRequest()
    answer = serving.keys.ListKeys(request, timeout=DEADLINE)
    assert answer.next_rotation_at == serving.clock.now() + 90 * 86400
    policy = serving.config.policy()
    serving.core.change_policy(replace(policy, signing_key_rotation=RotationSchedule(None, 3600)))
    assert not serving.keys.ListKeys(request, timeout=DEADLINE).HasField("next_rotation_at")
    serving.core.change_policy(policy)


def test_a_new_master_key_ends_nothing(road: Road) -> None:
    """key_admin.proto: codes and refresh tokens made with the old one go on; a restart reads the new file."""
    serving = road.serving
    tokens, code = road.connect(), road.code()
    request = key_admin_pb2.RotateMasterKeyRequest()
    number = serving.keys.RotateMasterKey(request, timeout=DEADLINE).master_key_id
    assert serving.keys.RotateMasterKey(request, timeout=DEADLINE).master_key_id == number + 1
    serving.restart()
    assert road.validate(tokens.access_token).active
    assert serving.tokens.IssueToken(road.redeeming(code), timeout=DEADLINE).refresh_token
    refreshed = serving.tokens.IssueToken(road.refreshing(tokens.refresh_token), timeout=DEADLINE)
    assert serving.tokens.IssueToken(road.refreshing(refreshed.refresh_token), timeout=DEADLINE).refresh_token
    assert road.start(road.session_token).HasField("consent")


def test_a_master_key_from_the_environment_is_the_operators(tmp_path_factory: pytest.TempPathFactory) -> None:
    """key_admin.proto: FAILED_PRECONDITION; with the same key in its place the core starts again."""
    key = urlsafe_b64encode(os.urandom(32)).decode()
    folder = tmp_path_factory.mktemp("environment")
    with Serving(folder, environment={"TOKENHOUSE_KEYS_MASTERKEY": key}) as serving:
        road = Road(serving)
        road.begin()
        tokens = road.connect()
        refusal = refused(serving.keys.RotateMasterKey, key_admin_pb2.RotateMasterKeyRequest())
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "FAILED_PRECONDITION")
        serving.restart()
        assert serving.tokens.IssueToken(road.refreshing(tokens.refresh_token), timeout=DEADLINE).access_token
        assert not (serving.config.server.data_dir / "master.key").exists()
