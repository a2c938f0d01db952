"""What an operator writes down of a client before it ever comes, checked (RFC 7591 §2)."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.clients.client import Client
from core.domain.clients.client_keys import KeysRefused, parse_keys
from core.domain.clients.document_url import names_document, parse_document_url
from core.domain.clients.grant_types import BEGINNINGS, DEVICE_CODE
from core.domain.clients.redirect_policy import RedirectUri, parse_redirect_uri
from core.domain.clients.terms import AUTHENTICATION_METHODS, NONE, PRIVATE_KEY_JWT, Terms
from core.domain.errors import ClientDocumentRefused, InvalidArgument, InvalidRedirectUri
from core.domain.scope_names import is_scope_name

GRANT_TYPES = ("authorization_code", "refresh_token", "client_credentials", DEVICE_CODE)
#: No character of it is changed in a form, a header or a URL, and no other kind of client_id looks like it.
_CLIENT_ID = re.compile(r"(?!client_)[A-Za-z0-9][A-Za-z0-9._~-]{0,127}")
_LONGEST_NAME = 200
_LONGEST_SCOPE = 128
_MOST = 32


@dataclass(frozen=True, slots=True)
class Preregistration:
    """What an operator asks for; nothing of it is checked."""

    client_id: str
    client_name: str = ""
    redirect_uris: tuple[str, ...] = ()
    #: None named: what its redirect URIs are good for.
    grant_types: tuple[str, ...] = ()
    scope: tuple[str, ...] = ()
    #: What it is itself (RFC 8707).
    resources: tuple[str, ...] = ()
    #: Public keys: a JWK, a JWK Set, or PEM.
    keys: str = ""
    #: Where they stand instead.
    jwks_uri: str = ""
    authentication_method: str = "client_secret_basic"


def parse_preregistration(wanted: Preregistration, now: int) -> Client:
    """The client as it is kept; `now` in seconds since the epoch.

    Raises:
        InvalidArgument: something cannot be used, or does not fit the rest; says what to change.
    """
    if _CLIENT_ID.fullmatch(wanted.client_id) is None:
        raise InvalidArgument(
            "client_id: 1 to 128 letters, digits and . _ ~ - that begin with a letter or digit and not with client_"
        )
    if not wanted.client_name.isprintable() or len(wanted.client_name) > _LONGEST_NAME:
        raise InvalidArgument(f"client_name: printable text of at most {_LONGEST_NAME} characters")
    if wanted.authentication_method not in AUTHENTICATION_METHODS:
        raise InvalidArgument(f"authentication method: one of {', '.join(AUTHENTICATION_METHODS)}")
    terms = Terms(
        wanted.authentication_method,
        preregistered=True,
        scope=_require_scope(wanted.scope),
        resources=_require_resources(wanted),
        jwks=_require_keys(wanted),
        jwks_uri=wanted.jwks_uri,
    )
    uris = _require_redirect_uris(wanted.redirect_uris)
    grant_types = _require_grant_types(wanted, terms)
    kept = tuple(dict.fromkeys(uri.text if terms.confidential else uri.kept for uri in uris))
    return Client(
        client_id=wanted.client_id,
        metadata=_metadata_of(wanted, kept, grant_types, terms),
        client_name=wanted.client_name,
        redirect_uris=kept,
        grant_types=grant_types,
        created_at=now,
        terms=terms,
    )


def _require_scope(names: Sequence[str]) -> tuple[str, ...]:
    if len(names) > _MOST or not all(is_scope_name(name) and len(name) <= _LONGEST_SCOPE for name in names):
        raise InvalidArgument(f"scope: at most {_MOST} names of printable ASCII without quotes and backslashes")
    return tuple(dict.fromkeys(names))


def _require_resources(wanted: Preregistration) -> tuple[str, ...]:
    if len(wanted.resources) > _MOST:
        raise InvalidArgument(f"at most {_MOST} resources")
    if wanted.resources and wanted.authentication_method == NONE:
        raise InvalidArgument("a resource server has to authenticate (RFC 7662 section 2.1)")
    return tuple(dict.fromkeys(wanted.resources))


def _require_keys(wanted: Preregistration) -> str:
    with_keys = wanted.authentication_method == PRIVATE_KEY_JWT
    if with_keys != bool(wanted.keys or wanted.jwks_uri) or (wanted.keys and wanted.jwks_uri):
        raise InvalidArgument("keys: private_key_jwt needs public keys or a jwks_uri, and no other method does")
    if wanted.jwks_uri:
        _require_jwks_uri(wanted.jwks_uri)
    if not wanted.keys:
        return ""
    try:
        return parse_keys(wanted.keys)
    except KeysRefused as refusal:
        raise InvalidArgument(f"keys: {refusal}") from None


def _require_jwks_uri(uri: str) -> None:
    try:
        if not names_document(uri):
            raise InvalidArgument("jwks_uri: must be https")
        parse_document_url(uri)
    except ClientDocumentRefused as refusal:
        raise InvalidArgument(f"jwks_uri: {refusal.reason}") from None


def _require_redirect_uris(texts: Sequence[str]) -> tuple[RedirectUri, ...]:
    if len(texts) > _MOST:
        raise InvalidArgument(f"at most {_MOST} redirect URIs")
    try:
        return tuple(parse_redirect_uri(text) for text in texts)
    except InvalidRedirectUri as refusal:
        raise InvalidArgument(refusal.description) from None


def _require_grant_types(wanted: Preregistration, terms: Terms) -> tuple[str, ...]:
    named = wanted.grant_types or (GRANT_TYPES[:2] if wanted.redirect_uris else ())
    unknown = [name for name in named if name not in GRANT_TYPES]
    if unknown:
        raise InvalidArgument(f"grant type {unknown[0]}: one of {', '.join(GRANT_TYPES)}")
    if "authorization_code" in named and not wanted.redirect_uris:
        raise InvalidArgument("authorization_code needs a redirect URI")
    if wanted.redirect_uris and "authorization_code" not in named:
        raise InvalidArgument("redirect URIs are for authorization_code, which is not among its grant types")
    if "refresh_token" in named and not BEGINNINGS.intersection(named):
        raise InvalidArgument("refresh_token goes with authorization_code or device_code")
    if "client_credentials" in named and not terms.confidential:
        raise InvalidArgument("client_credentials is for clients that authenticate (RFC 6749 section 4.4)")
    if "client_credentials" in named and not terms.scope:
        raise InvalidArgument("client_credentials needs the scopes that the client may have")
    if not named and not wanted.resources:
        raise InvalidArgument(
            "a client needs a redirect URI, or the grant type client_credentials, or to be a resource"
        )
    return tuple(name for name in GRANT_TYPES if name in named)


def _metadata_of(
    wanted: Preregistration, redirect_uris: tuple[str, ...], grant_types: tuple[str, ...], terms: Terms
) -> str:
    members: dict[str, object] = {
        "client_name": wanted.client_name,
        "redirect_uris": redirect_uris,
        "grant_types": grant_types,
        "scope": " ".join(wanted.scope),
        "token_endpoint_auth_method": wanted.authentication_method,
        "jwks": json.loads(terms.jwks or "{}"),
        "jwks_uri": terms.jwks_uri,
    }
    present = {name: value for name, value in members.items() if value}
    return json.dumps(present, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
