"""The server's metadata and keys (RFC 8414, RFC 7517), rendered once for each answer of the core.

The facts are the core's and are asked for again when they are a second old; the addresses are those this facade serves.
While the core does not answer, the last answer goes on being served.
"""

import asyncio
import base64
import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from tokenhouse.v1.discovery_pb2 import GetServerMetadataRequest, GetServerMetadataResponse
from tokenhouse.v1.passkey_login_pb2 import PasskeyOffer

from facade import paths
from facade.core_client import CoreClient
from facade.errors import Refusal
from facade.metadata_reads import MetadataReads, ReadOf
from facade.settings import Network

_log = logging.getLogger("facade.discovery")

_FRESH_FOR = 1.0
#: How long a request waits for an answer of the core, counted from when the core was asked; in seconds. Who comes later
#: gets what was said last, however long a core hangs.
_PATIENCE = 0.25
_REFRESH_DEADLINE = 2.0
#: The first may have been asked before there was the key; then the answer to the second has it, and is looked at.
_ASKINGS = 3


@dataclass(frozen=True, slots=True)
class Document:
    """A reply body and its entity tag (RFC 9110 §8.8.3)."""

    body: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class SignIn:
    """How users sign in."""

    #: With a user name and a password of this server.
    local_users: bool
    #: Names and labels of other OpenID providers, in the order of their buttons.
    providers: tuple[tuple[str, str], ...]
    #: What a browser is asked for a passkey with; of one browser alone, and never kept.
    passkey: PasskeyOffer | None = None

    @property
    def only_provider(self) -> str | None:
        """The one where there is no other way in."""
        return self.providers[0][0] if not self.local_users and len(self.providers) == 1 else None


@dataclass(frozen=True, slots=True)
class ServerMetadata:
    """One answer of the core, rendered."""

    oauth_clients_enabled: bool
    issuer: str
    metadata: Document
    jwks: Document
    #: The "kid" of each key in the JWK Set.
    key_ids: frozenset[str]
    sign_in: SignIn


class Discovery:
    """The current metadata."""

    def __init__(self, core: CoreClient, trusted_proxies: Sequence[Network] = ()) -> None:
        self._core = core
        self._reads = MetadataReads(trusted_proxies)
        self._telling: asyncio.TimerHandle | None = None
        self._last: ServerMetadata | None = None
        #: When the core was last asked, and when it was asked for what it said last.
        self._asked_at = self._as_of = float("-inf")
        self._refreshing: asyncio.Task[None] | None = None
        #: The header of the last token whose key stands in the JWK Set.
        self._published_header = ""

    async def current(self) -> ServerMetadata:
        """The metadata, at most about a second old while the core answers. Refuses when the core never answered."""
        if (fresh := self.find_fresh()) is not None:
            return fresh
        now = asyncio.get_running_loop().time()
        if now - self._asked_at >= _FRESH_FOR:
            self._ask()
        patience = self._asked_at + _PATIENCE - now
        if self._refreshing is not None and patience > 0:
            await asyncio.wait([self._refreshing], timeout=patience)
        if self._last is None:
            raise Refusal("TEMPORARILY_UNAVAILABLE", "The server cannot answer right now.", retry_after=2)
        return self._last

    def find_fresh(self) -> ServerMetadata | None:
        """What `current` would give without waiting; None where it would wait.

        Asks anew before the metadata are too old, so that under traffic nobody waits for the core.
        """
        age = asyncio.get_running_loop().time() - self._as_of
        if age >= _FRESH_FOR:
            return None
        if age >= _FRESH_FOR / 2:
            self._ask()
        return self._last

    async def require_oauth_clients(self) -> None:
        """Refuses when the operator switched OAuth clients off; the core decides where it has not been heard yet."""
        try:
            metadata = await self.current()
        except Refusal:
            return
        if not metadata.oauth_clients_enabled:
            raise Refusal("OAUTH_CLIENTS_DISABLED", "OAuth clients are switched off on this server.")

    async def publish_key_of(self, access_token: str) -> None:
        """Returns when the key of a token that is about to leave stands in the JWK Set that is served here.

        Whoever meets an unknown "kid" fetches the set once more and finds it; a rotation would fail them otherwise.
        """
        header = access_token.partition(".")[0]
        if header == self._published_header:
            return
        key_id = json.loads(base64.urlsafe_b64decode(header + "=="))["kid"]
        for _ in range(_ASKINGS):
            if self._last is not None and key_id in self._last.key_ids:
                break
            await asyncio.wait([self._ask()])
        else:
            _log.warning("a token leaves before its key is published: the core does not answer")
            return
        self._published_header = header

    def note_read(self, read: ReadOf, peer: str) -> None:
        """Take note that `peer` read a metadata document; the core is told of it the next time that it is asked."""
        self._reads.note(read, peer)
        if self._telling is None:
            self._tell_soon()

    async def close(self) -> None:
        """Stops asking."""
        if self._telling is not None:
            self._telling.cancel()
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.wait([self._refreshing])

    def _tell_soon(self) -> None:
        # Whoever reads and goes away must not wait for the next request.
        if self._telling is None and len(self._reads):
            self._telling = asyncio.get_running_loop().call_later(_FRESH_FOR, self._tell)

    def _tell(self) -> None:
        self._telling = None
        if len(self._reads):
            self._ask()
            self._tell_soon()

    def _ask(self) -> asyncio.Task[None]:
        if self._refreshing is None:
            loop = asyncio.get_running_loop()
            self._asked_at = loop.time()
            self._refreshing = loop.create_task(self._refresh(self._asked_at))
        return self._refreshing

    async def _refresh(self, now: float) -> None:
        try:
            question = GetServerMetadataRequest(metadata_reads=self._reads.take())
            facts = await self._core.get_server_metadata(question, _REFRESH_DEADLINE)
            rendered = _render(facts)
            # The same answer stays the same object: replies made of it need not be made again.
            if rendered != self._last:
                self._last = rendered
            self._as_of = now
        except Refusal:
            if self._last is None:
                _log.warning("no metadata yet: the core does not answer")
            else:
                _log.warning("serving the last metadata: the core does not answer")
        finally:
            self._refreshing = None


def _render(facts: GetServerMetadataResponse) -> ServerMetadata:
    algorithms = list(facts.token_endpoint_auth_signing_alg_values_supported)
    members: dict[str, object] = {
        "issuer": facts.issuer,
        "authorization_endpoint": facts.issuer + paths.AUTHORIZE,
        "token_endpoint": facts.issuer + paths.TOKEN,
        "registration_endpoint": facts.issuer + paths.REGISTER,
        "revocation_endpoint": facts.issuer + paths.REVOKE,
        "introspection_endpoint": facts.issuer + paths.INTROSPECT,
        "jwks_uri": facts.issuer + paths.JWKS,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(facts.grant_types_supported),
        "token_endpoint_auth_methods_supported": list(facts.token_endpoint_auth_methods_supported),
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint_auth_methods_supported": list(facts.token_endpoint_auth_methods_supported),
        # RFC 7662 §2.1: whoever asks proves who it is.
        "introspection_endpoint_auth_methods_supported": [
            method for method in facts.token_endpoint_auth_methods_supported if method != "none"
        ],
        "code_challenge_methods_supported": list(facts.code_challenge_methods_supported),
        "scopes_supported": list(facts.scopes_supported),
        "authorization_response_iss_parameter_supported": True,
    }
    if facts.registration_off:
        del members["registration_endpoint"]
    if facts.service_documentation:
        members["service_documentation"] = facts.service_documentation
    # RFC 8628 §4.
    if "urn:ietf:params:oauth:grant-type:device_code" in facts.grant_types_supported:
        members["device_authorization_endpoint"] = facts.issuer + paths.DEVICE_AUTHORIZATION
    if facts.client_id_metadata_document_supported:
        members["client_id_metadata_document_supported"] = True
    return ServerMetadata(
        facts.oauth_clients_enabled,
        facts.issuer,
        _document(json.dumps(members, ensure_ascii=False).encode()),
        _document(facts.jwks.encode()),
        frozenset(key["kid"] for key in json.loads(facts.jwks)["keys"]),
        SignIn(not facts.local_users_off, tuple((each.name, each.label) for each in facts.sign_in_providers)),
    )


def _document(body: bytes) -> Document:
    return Document(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')
