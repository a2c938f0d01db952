"""Client metadata (RFC 7591 §2): from what a client sends to what is kept, and the client_id that follows from it."""

import hashlib
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from core.domain.clients.grant_types import AUTHORIZATION_CODE, BEGINNINGS, SUPPORTED, USUAL
from core.domain.clients.redirect_policy import RedirectUri, parse_redirect_uri, require_allowed
from core.domain.errors import InvalidClientMetadata, InvalidRedirectUri, InvalidScope
from core.domain.sayings import say
from core.domain.scope_names import split_scope

#: In bytes.
_MAXIMUM_DOCUMENT = 48 * 1024
_MAXIMUM_TEXT = 2048
_MAXIMUM_REDIRECT_URIS = 32
_LINKS = ("client_uri", "logo_uri", "tos_uri", "policy_uri")
#: RFC 5646 §2.1, as far as anybody writes it: a member for readers of one language (RFC 7591 §2.2).
_LANGUAGE = re.compile(r"[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8}){0,7}")
_TEXTS = ("scope", "application_type", "software_id", "software_version")


@dataclass(frozen=True, slots=True)
class ClientMetadata:
    """What a registration asks for, checked."""

    #: Every kept member but the redirect URIs, ready for JSON.
    members: Mapping[str, object]
    #: The allowed ones, in the order and spelling of this request.
    redirect_uris: tuple[RedirectUri, ...]
    #: Those of this request that policy left out.
    left_out: tuple[str, ...]

    @property
    def kept_redirect_uris(self) -> tuple[str, ...]:
        """Sorted, loopback ports left out, each once: what the client is compared by."""
        return tuple(sorted({uri.kept for uri in self.redirect_uris}))

    @property
    def canonical(self) -> str:
        """The metadata as kept: JSON text that is equal for equal clients."""
        kept = {**self.members, "redirect_uris": list(self.kept_redirect_uris)}
        return json.dumps(kept, sort_keys=True, separators=(",", ":"))

    @property
    def client_id(self) -> str:
        """Derived from everything users see or that changes behaviour: the same client has the same id, always."""
        digest = hashlib.sha256(b"client metadata\0" + self.canonical.encode()).digest()
        return "client_" + urlsafe_b64encode(digest[:24]).decode()


def parse_client_metadata(document: bytes, allowed_redirect_uris: tuple[str, ...]) -> ClientMetadata:
    """Read a registration request's body; unknown members are ignored, null and "" count as absent.

    Raises:
        InvalidClientMetadata: not a JSON object, or a member of the wrong type.
        InvalidRedirectUri: none of the redirect URIs is allowed, or there is none.
    """
    if len(document) > _MAXIMUM_DOCUMENT:
        raise InvalidClientMetadata("the body is larger than 48 KiB")
    try:
        body = json.loads(document)
    except (ValueError, RecursionError):
        raise InvalidClientMetadata("the body is not JSON") from None
    if not isinstance(body, dict):
        raise InvalidClientMetadata("the body is not a JSON object")
    present = {name: value for name, value in body.items() if value not in (None, "", [])}
    members = read_members(present)
    # RFC 7591 §2: whoever has no use for one needs none.
    needed = members["response_types"] != []
    redirect_uris, left_out = _require_redirect_uris(present, allowed_redirect_uris, needed=needed)
    return ClientMetadata(members, redirect_uris, left_out)


def read_members(present: Mapping[str, object]) -> dict[str, object]:
    """What is kept of members that are there, but for the redirect URIs.

    Raises:
        InvalidClientMetadata: one is of the wrong type.
    """
    members: dict[str, object] = {}
    for name, value in present.items():
        base, tagged, language = name.partition("#")
        if tagged and _LANGUAGE.fullmatch(language) is None:
            continue
        if base == "client_name":
            if shown := _require_text(name, _shown(value)):
                members[name] = shown
        elif base in _TEXTS:
            members[name] = _require_text(name, value)
            if base == "scope":
                _require_scope(members[name])
        elif base in _LINKS:
            members[name] = _require_link(name, value)
    grant_types = _require_grant_types(present.get("grant_types"))
    members["grant_types"] = grant_types
    # RFC 7591 §2.1: nothing comes from the authorization endpoint for whoever never asks there.
    asks_there = AUTHORIZATION_CODE in grant_types
    members["response_types"] = _require_response_types(present.get("response_types")) if asks_there else []
    return members


def _shown(value: object) -> object:
    """A name without what nobody sees: direction marks and joiners could make it look like another one."""
    if not isinstance(value, str):
        return value
    seen = "".join(letter for letter in " ".join(value.split()) if letter.isprintable())
    return " ".join(seen.split())


def _require_text(name: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > _MAXIMUM_TEXT or not value.isprintable():
        raise InvalidClientMetadata(say("metadata_text", name=name, most=_MAXIMUM_TEXT))
    return value


def _require_scope(text: object) -> None:
    """RFC 7591 §2: a list as at the other endpoints, which would refuse this one."""
    try:
        split_scope(str(text))
    except InvalidScope:
        raise InvalidClientMetadata(say("scope_malformed")) from None


def _require_link(name: str, value: object) -> str:
    link = _require_text(name, value)
    try:
        parts = urlsplit(link)
    except ValueError:
        raise InvalidClientMetadata(say("metadata_no_uri", name=name)) from None
    # Shown as a link on pages: any other scheme could run in the reader's browser.
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise InvalidClientMetadata(say("metadata_link", name=name))
    return link


def _require_grant_types(value: object) -> list[str]:
    if value is None:
        return list(USUAL)
    if not isinstance(value, list) or not any(grant_type in value for grant_type in BEGINNINGS):
        raise InvalidClientMetadata(say("metadata_grant_types"))
    return [grant_type for grant_type in SUPPORTED if grant_type in value]


def _require_response_types(value: object) -> list[str]:
    if value is not None and (not isinstance(value, list) or "code" not in value):
        raise InvalidClientMetadata(say("metadata_response_types"))
    return ["code"]


def _require_redirect_uris(
    members: Mapping[str, object], allowed: tuple[str, ...], *, needed: bool
) -> tuple[tuple[RedirectUri, ...], tuple[str, ...]]:
    sent = members.get("redirect_uris")
    if sent is None and not needed:
        return (), ()
    if not isinstance(sent, list) or not sent or not all(isinstance(uri, str) for uri in sent):
        raise InvalidRedirectUri(say("document_no_redirect_uris"))
    if len(sent) > _MAXIMUM_REDIRECT_URIS:
        raise InvalidRedirectUri(f"at most {_MAXIMUM_REDIRECT_URIS} redirect_uris")
    good: list[RedirectUri] = []
    refusals: dict[str, InvalidRedirectUri] = {}
    for text in sent:
        try:
            uri = parse_redirect_uri(text)
            require_allowed(uri, allowed)
            good.append(uri)
        except InvalidRedirectUri as refusal:
            refusals[text] = refusal
    if not good:
        raise next(iter(refusals.values()))
    return tuple(good), tuple(refusals)
