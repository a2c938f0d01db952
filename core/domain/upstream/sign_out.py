"""Signing out where a session came from (OpenID Connect RP-Initiated Logout)."""

from dataclasses import dataclass, field
from urllib.parse import urlencode

from core.domain.clock import Clock
from core.domain.errors import InvalidRequest, UpstreamLoginFailed
from core.domain.policy import PolicySource
from core.domain.sayings import say
from core.domain.sessions.login import find_token_hash
from core.domain.upstream.id_token import IdTokens
from core.domain.upstream.identity import UpstreamFacts
from core.domain.upstream.login import BackTo, Parameters, StateSeal

#: What the state of a way out is sealed for.
UPSTREAM_SIGN_OUT = b"upstream sign-out"
#: In characters: with a hint. Providers take no URL of any length, and the way back is long by itself sometimes.
_LONGEST_URL = 7000
#: Below the public address.
SIGNED_OUT_PATH = "/login/signed-out"


@dataclass(frozen=True, slots=True)
class SignOut:
    """How a session of another provider ends."""

    #: Where the browser goes first; empty where the provider has no such place.
    url: str = field(repr=False)


class UpstreamSignOut:
    """The way out through the provider, and back."""

    def __init__(
        self, facts: UpstreamFacts, seal: StateSeal, id_tokens: IdTokens, policy: PolicySource, clock: Clock
    ) -> None:
        """`seal` is one for UPSTREAM_SIGN_OUT."""
        self._facts = facts
        self._seal = seal
        self._id_tokens = id_tokens
        self._policy = policy
        self._clock = clock

    def find(
        self, session_token: str, back_to: BackTo, parameters: Parameters, *, browser_binding: bytes
    ) -> SignOut | None:
        """How this session ends at its provider; None for one of a password. Ask before it has ended here."""
        token_hash, policy = find_token_hash(session_token), self._policy.current
        session = token_hash and self._facts.find_upstream_session(token_hash, now=self._clock.now())
        if not session:
            return None
        provider = policy.upstream.find(session.provider)
        if provider is None or not session.end_session_endpoint:
            return SignOut("")
        query = {
            "client_id": provider.client_id,
            "post_logout_redirect_uri": policy.issuer + SIGNED_OUT_PATH,
            "state": self._seal.seal([("to", back_to), *parameters], browser_binding),
        }
        # §2: without it the provider asks whether somebody else than the user has sent the browser there.
        hint = self._id_tokens.find(session.sealed_id_token, session.token_hash)
        url = _url(session.end_session_endpoint, query if hint is None else {"id_token_hint": hint} | query)
        return SignOut(url if len(url) <= _LONGEST_URL else _url(session.end_session_endpoint, query))

    def come_back(self, state: str, *, browser_binding: bytes) -> tuple[BackTo, tuple[tuple[str, str], ...]]:
        """Where the browser goes on after it was signed out there.

        Raises:
            UpstreamLoginFailed: the state has expired or is another browser's.
        """
        try:
            (_, back_to), *parameters = self._seal.require_open(state, browser_binding).parameters
        except InvalidRequest:
            raise UpstreamLoginFailed(say("logout_not_ours")) from None
        return BackTo(back_to), tuple(parameters)


def _url(endpoint: str, query: dict[str, str]) -> str:
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"
