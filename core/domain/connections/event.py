"""One thing that was seen of an attempt."""

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

#: In characters, of what clients have sent.
_LONGEST = 512
#: What is left of what is not kept: an end that is too long, and a query.
CUT = "…"
CUT_QUERY = f"?{CUT}"
#: Secrets and tokens of this server's kind, and JWTs: some clients send one where their id belongs.
_SECRET = re.compile(r"th[a-z]_|eyJ")


class Step(StrEnum):
    """The steps of a connection, in their order."""

    METADATA = "metadata"
    REGISTRATION = "registration"
    DOCUMENT = "document"
    DEVICE = "device"
    AUTHORIZE = "authorize"
    LOGIN = "login"
    CONSENT = "consent"
    CODE = "code"
    TOKEN = "token"
    REFRESH = "refresh"
    VALIDATION = "validation"


@dataclass(frozen=True, slots=True)
class Happening:
    """What happened, whenever it did."""

    step: Step
    #: A word of ours for each step, or the reason of a refusal.
    outcome: str
    refused: bool = False
    #: A URI without its query, from `shown_uri`, or what is wrong with a document: `Said`, where that has a name.
    about: str = ""
    #: From `network_of`; empty where it is not known.
    network: str = ""


@dataclass(slots=True)
class Event:
    """Something that happened, once or several times one after the other. Times are milliseconds since the epoch."""

    happening: Happening
    at_ms: int
    last_at_ms: int
    count: int = 1


def shown_uri(text: str) -> str:
    """A URI that somebody sent, as operators may see it: without user information, query and fragment, of which `?…`
    is left. Empty where it is none."""
    try:
        parts = urlsplit(text)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return ""
    if not parts.scheme or not (host or parts.path):
        return ""
    cut = f"{parts.scheme}://{host}{parts.path}" if host else f"{parts.scheme}:{parts.path}"
    return _shorten(cut) + (CUT_QUERY if parts.query else "")


def kept_part(shown: str) -> str:
    """What is known of a URI from `shown_uri`: it itself where nothing was left out."""
    return shown.removesuffix(CUT_QUERY).removesuffix(CUT)


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + CUT


def shown_client_id(client_id: str) -> str:
    """A client_id that somebody sent, as operators may see it."""
    if secret := _SECRET.match(client_id):
        return secret[0] + CUT
    if "://" in client_id:
        return shown_uri(client_id)
    known, query, _ = client_id.partition("?")
    return _shorten(known) + (CUT_QUERY if query else "")


def digest_of_client(client_id: str) -> bytes:
    """What tells clients apart whose ids are shown alike; nothing for no id."""
    return hashlib.sha256(client_id.encode("utf-8", "surrogatepass")).digest() if client_id else b""
