"""KeyAdminService: rotation while everything goes on."""

import json
import os
from base64 import urlsafe_b64encode

import grpc
import pytest
from tokenhouse.v1 import discovery_pb2, key_admin_pb2

from tests.rpc.road import Road, refused
from tests.serving import DEADLINE, Serving


def _keys(serving: Serving) -> list[key_admin_pb2.SigningKey]:
    return list(serving.keys.ListKeys(key_admin_pb2.ListKeysRequest(), timeout=DEADLINE).keys)


def _published(serving: Serving) -> list[str]:
    facts = serving.discovery.GetServerMetadata(discovery_pb2.GetServerMetadataRequest(), timeout=DEADLINE)
    return [key["kid"] for key in json.loads(facts.jwks)["keys"]]


def test_a_new_signing_key_signs_and_the_old_one_stays_published(road: Road) -> None:
    """RFC 7517: the listing says which signs, which verifies, and until when; the JWK Set holds the same."""
    serving = road.serving
    old_token, old = road.connect().access_token, _keys(serving)[0]
    new = serving.keys.RotateSigningKey(key_admin_pb2.RotateSigningKeyRequest(), timeout=DEADLINE).key
    keys = _keys(serving)
    assert (new.state, new.algorithm, new.HasField("retires_at")) == ("signing", "ES256", False)
    assert [key.key_id for key in keys][:2] == [new.key_id, old.key_id] == _published(serving)[:2]
    assert (keys[1].state, keys[1].retires_at) == ("published", serving.clock.now() + 86400)
    for _ in range(2):
        assert road.validate(old_token).active
        assert road.validate(road.connect().access_token).active
        serving.restart()


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
