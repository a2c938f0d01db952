"""The JWK Set (RFC 7517 §5): a key stands in it long enough before it signs."""

import re

import grpc
from tokenhouse.v1.key_admin_pb2 import RotateSigningKeyRequest
from tokenhouse.v1.key_admin_pb2_grpc import KeyAdminServiceStub

from core.domain.keys.rotation import SHORTEST_PUBLICATION
from tests.facade.pair import Pair
from tests.running import wait_until
from tests.serving import DEADLINE


def test_a_key_is_published_for_twice_as_long_as_a_cache_may_keep_the_set(pair: Pair) -> None:
    """RFC 9111 §5.2.2.1: whoever fetched it just before the key came fetches it again before the key signs."""
    found = re.search(r"max-age=(\d+)", pair.client.get("/oauth/v1/jwks").headers["cache-control"])
    assert found is not None
    assert 0 < 2 * int(found[1]) <= SHORTEST_PUBLICATION


def test_a_published_key_stands_behind_the_one_that_signs(pair: Pair) -> None:
    """It is there a second after it was published, and signs nothing yet."""
    with grpc.insecure_channel(f"unix:{pair.folder}/data/admin.sock") as channel:
        operator: KeyAdminServiceStub = KeyAdminServiceStub(channel)
        made = operator.RotateSigningKey(RotateSigningKeyRequest(), timeout=DEADLINE).key
        wait_until(lambda: made.key_id in _kids(pair), "the key in the JWK Set")
        assert made.state == "published"
        assert _kids(pair).index(made.key_id) > 0
        # Others find no key that waits.
        operator.RotateSigningKey(RotateSigningKeyRequest(now=True), timeout=DEADLINE)


def _kids(pair: Pair) -> list[str]:
    return [key["kid"] for key in pair.client.get("/oauth/v1/jwks").json()["keys"]]
