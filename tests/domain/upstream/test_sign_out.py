"""The way out through a provider (OpenID Connect RP-Initiated Logout 1.0 §2), and whom it names."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from core.domain.authorization.sealed_request import RequestSeal
from core.domain.keys.master_key import MasterKeys
from core.domain.policy import UpstreamPolicy
from core.domain.sessions.login import find_token_hash
from core.domain.sessions.session import SignInMethod
from core.domain.upstream.id_token import LONGEST_ID_TOKEN, IdTokens
from core.domain.upstream.identity import UpstreamSession
from core.domain.upstream.login import BackTo
from core.domain.upstream.sign_out import UPSTREAM_SIGN_OUT, UpstreamSignOut
from tests.domain.house import House
from tests.domain.upstream.test_claims import PROVIDER

BINDING = b"a browser".ljust(32, b".")
ENDPOINT = "https://id.example.com/out?tenant=1"


class WayOut:
    """Sessions of a provider in a house."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.id_tokens = IdTokens(house.master_keys)
        house.policy.current = replace(house.policy.current, upstream=UpstreamPolicy(providers=(PROVIDER,)))
        seal = RequestSeal(house.master_keys, house.clock, house.randomness, UPSTREAM_SIGN_OUT)
        self._sign_out = UpstreamSignOut(house.store, seal, self.id_tokens, house.policy, house.clock)

    def begin(self, id_token: str, *, of: str | None = None) -> str:
        """A session that the provider told this ID token of, or one taken from another session; its token."""
        token, session = self.house.logins.new_session("subject", "", SignInMethod.UPSTREAM)
        sealed = self.id_tokens.seal(id_token, session.token_hash if of is None else find_token_hash(of) or b"")
        noted = UpstreamSession(session.token_hash, PROVIDER.name, ENDPOINT, session.expires_at, sealed)
        self.house.store.write(lambda tx: tx.note_upstream_session(noted))
        return token

    def query(self, token: str, *parameters: tuple[str, str]) -> dict[str, list[str]]:
        """What the provider is told."""
        found = self._sign_out.find(token, BackTo.AUTHORIZE, parameters, browser_binding=BINDING)
        assert found is not None
        assert found.url not in repr(found)
        assert found.url.startswith(f"{ENDPOINT}&")
        return parse_qs(urlsplit(found.url).query)


@pytest.fixture
def way_out(house: House) -> WayOut:
    """One."""
    return WayOut(house)


def test_the_provider_is_told_whom_it_signs_out(way_out: WayOut) -> None:
    """id_token_hint is the ID token of the login, beside client_id, the way back and its state; the store has it sealed
    alone."""
    token = way_out.begin("head.body.signature")
    sent = way_out.query(token)
    assert sent["id_token_hint"] == ["head.body.signature"]
    assert sent.keys() == {"tenant", "id_token_hint", "client_id", "post_logout_redirect_uri", "state"}
    kept = way_out.house.store.find_upstream_session(find_token_hash(token) or b"", now=way_out.house.clock.now())
    assert kept is not None
    assert b"body" not in (kept.sealed_id_token or b"")
    assert "sealed_id_token" not in repr(kept)


def test_without_an_id_token_that_can_be_sent(way_out: WayOut) -> None:
    """None told, one that is too long by itself or with the way back, one of another session, and one sealed by a key
    that is gone: the provider is told who asks, and where the user goes on."""
    good = way_out.begin("head.body.signature")
    lost = MasterKeys({1: bytes(32)}, way_out.house.randomness)
    long = way_out.begin("x" * LONGEST_ID_TOKEN)
    assert "id_token_hint" in way_out.query(long)
    for sent in (
        way_out.query(way_out.begin("")),
        way_out.query(way_out.begin("x" * (LONGEST_ID_TOKEN + 1))),
        way_out.query(long, ("state", "y" * 2500)),
        way_out.query(way_out.begin("head.body.signature", of=good)),
    ):
        assert sent.keys() == {"tenant", "client_id", "post_logout_redirect_uri", "state"}
    way_out.id_tokens = IdTokens(lost)
    sealed_by_a_lost_key = way_out.begin("head.body.signature")
    assert "id_token_hint" not in way_out.query(sealed_by_a_lost_key)
