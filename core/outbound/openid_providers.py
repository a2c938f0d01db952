"""OpenID providers over guarded HTTP: their metadata and keys, kept for a while, and logins at them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from core.domain.clock import Clock
from core.domain.errors import UpstreamLoginFailed, UpstreamUnavailable
from core.domain.policy import UpstreamProvider
from core.domain.sayings import Said, say
from core.domain.upstream.provider import AskedLogin, Identity
from core.outbound.guarded_http import CannotFetch, GuardedHttp, TooBusy
from core.outbound.provider_http import ProviderHttp

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

_log = logging.getLogger(__name__)

#: How long metadata are kept, and keys that every ID token knows; in seconds.
_FRESH_FOR = 3600
#: After a provider that did not answer nobody asks it for so long, in seconds: the threads are for the others, too.
_PAUSE = 5
_LONGEST_SECRET = 4096


@dataclass(slots=True)
class _Known:
    """What is kept of one issuer."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    metadata: dict[str, Any] | None = None
    keys: KeySet | None = None
    fresh_until: int = 0
    #: Until when nobody asks, and why.
    paused_until: int = 0
    why: str = ""
    said: tuple[Said, ...] = ()


class FetchedProviders:
    """`core.domain.upstream.provider.OpenIdProviders`; used from many threads."""

    def __init__(self, http: GuardedHttp, clock: Clock) -> None:
        self._http = http
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, _Known] = {}

    def authorization_url(self, provider: UpstreamProvider, asked: AskedLogin, *, state: str) -> str:
        metadata = self._metadata(provider)
        url: str = _client().authorization_url(metadata, provider, asked, state=state)
        return url

    def names_itself(self, provider: UpstreamProvider) -> bool:
        return self._metadata(provider).get("authorization_response_iss_parameter_supported") is True

    def find_end_session_endpoint(self, provider: UpstreamProvider) -> str:
        told = self._metadata(provider).get("end_session_endpoint")
        usable = isinstance(told, str) and told.isascii() and told.isprintable() and " " not in told
        return told if isinstance(told, str) and usable and urlsplit(told).scheme == "https" else ""

    def redeem(self, provider: UpstreamProvider, asked: AskedLogin, code: str) -> Identity:
        client, metadata, http = _client(), self._metadata(provider), ProviderHttp(self._http, provider.issuer)
        secret = _read_secret(provider)
        with self._explaining(provider):
            token = client.fetch_token(http, metadata, provider, secret, asked, code)
            claims = self._verify(http, token, metadata, provider, asked)
            if not _wanted(provider) <= claims.keys():
                # What the ID token says goes first: it is signed.
                claims = client.fetch_user_info(http, metadata, token, claims["sub"]) | claims
        return Identity(provider.issuer, claims["sub"], claims, str(token["id_token"]))

    def examine(self, provider: UpstreamProvider) -> None:
        """Fetch metadata and keys as a login would, and read the secret. Raises UpstreamUnavailable."""
        http = ProviderHttp(self._http, provider.issuer)
        metadata = self._metadata(provider)
        with self._explaining(provider):
            _client().fetch_keys(http, metadata)
        _read_secret(provider)

    def _verify(
        self,
        http: ProviderHttp,
        token: dict[str, Any],
        metadata: dict[str, Any],
        provider: UpstreamProvider,
        asked: AskedLogin,
    ) -> dict[str, Any]:
        client, known = _client(), self._known[provider.issuer]
        for attempt in ("with what is known", "with what is there now"):
            keys = known.keys
            if keys is None or attempt == "with what is there now":
                # The token has come from the provider itself: a key that nobody knows is one that was rotated in.
                keys = known.keys = client.fetch_keys(http, metadata)
            try:
                claims: dict[str, Any] = client.verify_id_token(
                    token, keys, metadata, provider, asked, self._clock.now()
                )
            except client.KeyUnknown:
                continue
            return claims
        raise UpstreamLoginFailed(say("id_token_unknown_key", provider=provider.label))

    def _metadata(self, provider: UpstreamProvider) -> dict[str, Any]:
        with self._lock:
            known = self._known.setdefault(provider.issuer, _Known())
        with known.lock:
            now = self._clock.now()
            if known.metadata is not None and now < known.fresh_until:
                return known.metadata
            if now < known.paused_until:
                raise UpstreamUnavailable(known.why).saying(*known.said)
            http = ProviderHttp(self._http, provider.issuer)
            try:
                with self._explaining(provider):
                    known.metadata = _client().fetch_metadata(http, provider.issuer)
            except UpstreamUnavailable as failure:
                known.paused_until, known.why, known.said = now + _PAUSE, failure.description, failure.said
                raise
            known.keys, known.fresh_until = None, now + _FRESH_FOR
            return known.metadata

    @contextmanager
    def _explaining(self, provider: UpstreamProvider) -> Iterator[None]:
        try:
            yield
        except CannotFetch as failure:
            told = {"provider": provider.name, "why": failure.reason, "detail": failure.detail or "none"}
            _log.warning("upstream provider unavailable", extra=told)
            said = say("provider_unusable", provider=provider.label)
            raise UpstreamUnavailable(f"{said}: {failure.reason}").saying(said, failure.reason) from None
        except TooBusy:
            raise UpstreamUnavailable(say("provider_busy")) from None


def _client() -> Any:
    # Loading it takes longer than the rest of a start, and most never need it.
    from core.outbound import openid_client

    return openid_client


def _wanted(provider: UpstreamProvider) -> set[str]:
    groups = set() if provider.group_claim is None else {provider.group_claim}
    domains = {"email", "email_verified"} if provider.allowed_domains else set()
    return {provider.username_claims[0]} | groups | domains


def _read_secret(provider: UpstreamProvider) -> str:
    if provider.client_secret_file is None:
        return provider.client_secret or ""
    try:
        secret = provider.client_secret_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        _log.error("client secret cannot be read", extra={"provider": provider.name, "why": type(error).__name__})
        raise UpstreamUnavailable(say("provider_secret_unread", provider=provider.name)) from None
    if not 0 < len(secret) <= _LONGEST_SECRET:
        raise UpstreamUnavailable(say("provider_secret_missing", provider=provider.name))
    return secret
