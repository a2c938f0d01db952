"""protos/examples/node: a service in TypeScript, made from the contract alone, asks a real core whose tokens these are.

Node, where there is none of version 22 or newer, and the packages of its lock file are fetched once for all checkouts.
"""

import time
from pathlib import Path

import pytest
from tokenhouse.v1 import grant_admin_pb2, key_admin_pb2, user_admin_pb2

from tests.fakes.clock import RunningClock
from tests.protos.node_example import AUDIENCE, Example, build_example
from tests.rpc.road import Road
from tests.serving import DEADLINE, Serving
from tests.verifier.forms import wait_until
from tests.verifier.proxy import Proxy


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    """The example, compiled."""
    return build_example(tmp_path_factory.mktemp("checkout"))


def _first_key(core: Serving) -> key_admin_pb2.SigningKey:
    return core.keys.ListKeys(key_admin_pb2.ListKeysRequest(), timeout=DEADLINE).keys[0]


def test_whose_tokens_these_are(example: Example, tmp_path: Path) -> None:
    """changes.proto, rules 1, 2, 4, 5: asked for, remembered, refused once revoked, and right after a broken stream."""
    with Serving(tmp_path, clock=RunningClock(int(time.time()))) as core:
        user = Road(core)
        user.begin()
        token, ended, missed = (user.connect(resource=AUDIENCE).access_token for _ in range(3))
        other = user.connect(resource="https://files.example.com/").access_token

        def revoke(revoked: str) -> None:
            grant = user.validate(revoked, AUDIENCE).grant_id
            core.grants.RevokeGrant(grant_admin_pb2.RevokeGrantRequest(grant_id=grant), timeout=DEADLINE)

        with Proxy(core.config.grpc.listen.port) as proxy, example.running(proxy.target) as ask:
            first = ask(token)
            assert (first["active"], first["username"], first["groups"]) == (True, user.username, ["dev"])
            for bad in ("unknown", other):
                assert ask(bad) == {"active": False}
            for good in (token, ended, missed):
                wait_until(lambda good=good: ask(good)["remembered"], "an answer from memory")  # type: ignore[misc]

            revoke(ended)
            wait_until(lambda: ask(ended) == {"active": False}, "the revocation to arrive")
            assert ask(token)["remembered"]

            proxy.cut()
            revoke(missed)
            wait_until(lambda: ask(missed) == {"active": False}, "the change that was missed")
            wait_until(lambda: ask(token).get("remembered", False), "the changes to be followed again")

            groups = user_admin_pb2.SetGroupsRequest(username=user.username, groups=["ops"])
            core.users.SetGroups(groups, timeout=DEADLINE)
            wait_until(lambda: ask(token).get("groups") == ["ops"], "the user's new groups")

            core.keys.RotateSigningKey(key_admin_pb2.RotateSigningKeyRequest(), timeout=DEADLINE)
            wait_until(lambda: not _first_key(core).laggards, "the new signing key to be acknowledged")
            assert _first_key(core).state == "published"
