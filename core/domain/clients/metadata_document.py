"""What a client's own document says of it (draft-ietf-oauth-client-id-metadata-document), read and checked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from core.domain.clients.client import Client
from core.domain.clients.client_keys import PRIVATE_MEMBERS, KeysRefused, parse_fetched_keys
from core.domain.clients.client_metadata import read_members
from core.domain.clients.document_url import DocumentUrl, names_document, parse_document_url
from core.domain.clients.redirect_policy import RedirectUri, parse_redirect_uri, require_allowed
from core.domain.clients.terms import NONE, PRIVATE_KEY_JWT, Terms
from core.domain.errors import (
    ClientDocumentRefused,
    InvalidClientMetadata,
    InvalidRedirectUri,
)
from core.domain.policy import Policy
from core.domain.sayings import Said, say

#: In bytes (draft, "Maximum Response Size").
MAXIMUM_DOCUMENT = 5 * 1024
_MAXIMUM_REDIRECT_URIS = 32
#: Where there is nobody to share a secret with (draft, "Credential and Key Material Restrictions").
_SECRETS = ("client_secret", "client_secret_expires_at")


@dataclass(frozen=True, slots=True)
class MetadataDocument:
    """A document that can be used."""

    url: DocumentUrl
    #: Every kept member but the redirect URIs, ready for JSON.
    members: Mapping[str, object]
    #: Every redirect URI that means one thing; whether policy allows it is asked at each use.
    redirect_uris: tuple[str, ...]
    #: Those that mean nothing, or too much.
    left_out: tuple[str, ...]

    def to_client(self, now: int) -> Client:
        """The client as it is kept once a user has decided about it; `now` in seconds since the epoch."""
        kept = {"client_id": self.url.text, **self.members, "redirect_uris": list(self.redirect_uris)}
        return client_of_metadata(json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":")), now)


def client_of_metadata(metadata: str, now: int) -> Client:
    """The client that `MetadataDocument.to_client` made, from its metadata alone."""
    members = json.loads(metadata)
    return Client(
        client_id=members["client_id"],
        metadata=metadata,
        client_name=members.get("client_name", ""),
        redirect_uris=tuple(members["redirect_uris"]),
        grant_types=tuple(members["grant_types"]),
        created_at=now,
        terms=Terms(
            members.get("token_endpoint_auth_method", NONE),
            jwks=json.dumps(members["jwks"], separators=(",", ":")) if "jwks" in members else "",
            jwks_uri=members.get("jwks_uri", ""),
        ),
    )


def parse_metadata_document(url: DocumentUrl, document: bytes) -> MetadataDocument:
    """Read the document that was found at this URL; unknown members are ignored, null and "" count as absent.

    Raises:
        ClientDocumentRefused: it is another client's, or says something that cannot be used.
    """
    try:
        members = _require_own_members(url, document)
        _require_no_secrets(members)
        kept = {**read_members(members), **_require_method(members)}
        redirect_uris, left_out = _read_redirect_uris(members)
    except InvalidClientMetadata as refusal:
        raise ClientDocumentRefused(refusal.said[0] if refusal.said else refusal.description, url.text) from None
    kept_uris = tuple(sorted({uri.kept for uri in redirect_uris}))
    return MetadataDocument(url, kept, kept_uris, left_out)


def parse_own_document(document: bytes) -> MetadataDocument:
    """Read a document that does not come from its URL, which its client_id tells.

    Raises:
        ClientDocumentRefused: it cannot be used.
    """
    try:
        client_id = _require_object(document).get("client_id")
    except InvalidClientMetadata as refusal:
        raise ClientDocumentRefused(refusal.description) from None
    if not isinstance(client_id, str) or not names_document(client_id):
        raise ClientDocumentRefused("its client_id is not an https URL")
    return parse_metadata_document(parse_document_url(client_id), document)


def require_redirect_allowed(client: Client, uri: RedirectUri, policy: Policy) -> None:
    """Pass a redirect URI that policy allows; a trusted host's own documents may have any of that host's, by https.

    Raises:
        InvalidRedirectUri: it is not allowed; names the settings that would allow it.
    """
    if client.terms.preregistered:
        # The operator who registered it has allowed it (and `has_redirect_uri` takes no other).
        return
    allowed = policy.allowed_redirect_uris
    if not names_document(client.client_id):
        require_allowed(uri, allowed)
        return
    url = parse_document_url(client.client_id)
    authority = uri.host if uri.port is None else f"{uri.host}:{uri.port}"
    same_host = uri.scheme == "https" and authority == url.authority
    if same_host and url.authority in policy.client_documents.trusted_hosts:
        return
    try:
        require_allowed(uri, allowed)
    except InvalidRedirectUri:
        if not same_host:
            raise
        said = say("redirect_uri_untrusted_host", uri=uri.text, host=url.authority)
        raise InvalidRedirectUri(said).because("redirect_uri_of_untrusted_host", uri.text) from None


def _require_own_members(url: DocumentUrl, document: bytes) -> dict[str, object]:
    body = _require_object(document)
    # Simple string comparison (RFC 3986 §6.2.1), so that a document speaks for no URL but its own.
    if body.get("client_id") != url.text:
        raise InvalidClientMetadata(say("document_of_another"))
    return {name: value for name, value in body.items() if value not in (None, "", [])}


def _require_object(document: bytes) -> dict[str, object]:
    if len(document) > MAXIMUM_DOCUMENT:
        raise InvalidClientMetadata(say("fetch_too_large", kilobytes=5))
    try:
        body = json.loads(document.decode("utf-8"))
    except (ValueError, RecursionError):
        raise InvalidClientMetadata(say("document_no_json")) from None
    if not isinstance(body, dict):
        raise InvalidClientMetadata(say("document_no_object"))
    return body


def _require_no_secrets(members: Mapping[str, object]) -> None:
    for name in _SECRETS:
        if name in members:
            raise InvalidClientMetadata(say("document_has_secret", name=name))
    jwks = members.get("jwks")
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    for key in keys if isinstance(keys, list) else []:
        if isinstance(key, dict) and PRIVATE_MEMBERS & key.keys():
            raise InvalidClientMetadata(say("document_has_private_key"))


def _require_method(members: Mapping[str, object]) -> dict[str, object]:
    """How the client says who it is: what is kept of it.

    token_endpoint_auth_methods_supported, where it is there, counts instead of the one token_endpoint_auth_method. Who
    offers to prove nothing may do so, or sign with its keys where it has some.
    """
    several = members.get("token_endpoint_auth_methods_supported")
    if several is not None and (not isinstance(several, list) or not all(isinstance(each, str) for each in several)):
        raise InvalidClientMetadata(say("document_methods_no_array"))
    one = members.get("token_endpoint_auth_method", "none")
    if not isinstance(one, str):
        raise InvalidClientMetadata(say("document_method_no_string"))
    methods: list[str] = [one] if several is None else several
    signs = PRIVATE_KEY_JWT in methods
    if NONE in methods:
        try:
            return _require_keys(members) if signs else {}
        except InvalidClientMetadata:
            # Nothing that it has to have.
            return {}
    if signs:
        return {"token_endpoint_auth_method": PRIVATE_KEY_JWT, **_require_keys(members)}
    # One secret method in a list is none that we would use; as the only one it is forbidden.
    raise InvalidClientMetadata(say("document_method", methods=", ".join(methods)[:80]))


def _require_keys(members: Mapping[str, object]) -> dict[str, object]:
    jwks, uri = members.get("jwks"), members.get("jwks_uri")
    if (jwks is None) == (uri is None):
        raise InvalidClientMetadata(say("document_keys_missing"))
    if uri is not None:
        if not isinstance(uri, str) or not names_document(uri):
            raise InvalidClientMetadata(say("document_keys_address"))
        try:
            return {"jwks_uri": parse_document_url(uri).text}
        except ClientDocumentRefused as refusal:
            raise InvalidClientMetadata(_unusable("jwks_uri", refusal.reason)) from None
    try:
        return {"jwks": json.loads(parse_fetched_keys(json.dumps(jwks)))}
    except KeysRefused as refusal:
        raise InvalidClientMetadata(_unusable("jwks", str(refusal))) from None


def _unusable(name: str, why: str) -> Said:
    # Pages say which member it is: whoever has made the document finds the rest in what programs are told.
    return say("document_keys_unusable", name=name).put(f"{name}: {why}")


def _read_redirect_uris(members: Mapping[str, object]) -> tuple[tuple[RedirectUri, ...], tuple[str, ...]]:
    sent = members.get("redirect_uris")
    if not isinstance(sent, list) or not all(isinstance(uri, str) for uri in sent):
        raise InvalidClientMetadata(say("document_no_redirect_uris"))
    if len(sent) > _MAXIMUM_REDIRECT_URIS:
        raise InvalidClientMetadata(say("document_many_redirect_uris", most=_MAXIMUM_REDIRECT_URIS))
    good, left_out = [], []
    for text in sent:
        try:
            good.append(parse_redirect_uri(text))
        except InvalidRedirectUri:
            left_out.append(text)
    if not good:
        raise InvalidClientMetadata(say("document_unusable_redirect_uris"))
    return tuple(good), tuple(left_out)
