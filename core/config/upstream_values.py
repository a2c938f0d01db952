"""What the settings about other OpenID providers hold: `name: value`, the name being the operator's for a provider.

Every parser raises ValueError with what is allowed, in words.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from core.config.document_values import parse_domain
from core.config.setting import parse_path
from core.config.values import parse_boolean

T = TypeVar("T")

_ENTRY = re.compile(r"([a-z0-9][a-z0-9-]{0,31}):\s+(\S.*)")
_SCOPE_TOKEN = re.compile(r"[!#-\[\]-~]{1,128}")
_MAPPING = re.compile(r"(\S.*?)\s+->\s+(\S.*)")
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*/?")
_NAMED = "`name: {}`, the name of a-z, 0-9 and -"


@dataclass(frozen=True, slots=True)
class OfProvider(Generic[T]):
    """A value of one provider."""

    name: str
    #: One of them is a secret.
    value: T = field(repr=False)


def of_provider(parse: Callable[[str, Path], T], allowed: str) -> Callable[[str, Path], OfProvider[T]]:
    """A parser for `name: value`; `allowed` says what the value is."""

    def parse_entry(text: str, folder: Path) -> OfProvider[T]:
        match = _ENTRY.fullmatch(text)
        if match is None:
            raise ValueError(_NAMED.format(allowed))
        try:
            return OfProvider(match[1], parse(match[2], folder))
        except ValueError as error:
            raise ValueError(f"{_NAMED.format(allowed)}; here {error}") from None

    return parse_entry


def show_of_provider(entry: OfProvider[Any]) -> str:
    """As it is written in the file."""
    value = entry.value
    if isinstance(value, bool):
        return f"{entry.name}: {str(value).lower()}"
    return f"{entry.name}: {' -> '.join(value) if isinstance(value, tuple) else value}"


def parse_issuer(text: str, _folder: Path) -> str:
    """OpenID Connect Discovery §3: https, no query or fragment; kept as it is, since it is compared whole."""
    allowed = "an https:// URL of a host, without user information, query and fragment, as the provider spells it"
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError(allowed) from None
    if parts.scheme != "https" or not parts.hostname or not text.isascii() or set("@?#") & set(text):
        raise ValueError(allowed)
    if _PATH.fullmatch(parts.path) is None:
        raise ValueError(allowed)
    return text


def parse_text(text: str, _folder: Path) -> str:
    """Up to 200 characters."""
    if len(text) > 200:
        raise ValueError("at most 200 characters")
    return text


def parse_client_id(text: str, _folder: Path) -> str:
    """RFC 6749 appendix A.1: visible ASCII and spaces."""
    if not text.isascii() or len(text) > 512:
        raise ValueError("at most 512 characters of ASCII")
    return text


def parse_secret_file(text: str, folder: Path) -> Path:
    """A path; what stands in the file is read when it is needed."""
    return parse_path(text, folder)


def parse_upstream_scope(text: str, _folder: Path) -> str:
    """Scopes between spaces, with openid (OpenID Connect Core §3.1.2.1)."""
    names = text.split()
    if "openid" not in names or not all(_SCOPE_TOKEN.fullmatch(name) for name in names):
        raise ValueError("scopes between spaces, openid among them")
    return " ".join(dict.fromkeys(names))


def parse_group(text: str, _folder: Path) -> tuple[str, str]:
    """A group of the claim, and the group here."""
    match = _MAPPING.fullmatch(text)
    if match is None or (match[1] == "*") < (match[2] == "*") or len(match[2]) > 128:
        raise ValueError("`their group -> our group`, or `* -> *` for all of them under their own names")
    return match[1], match[2]


def parse_allowed_domain(text: str, _folder: Path) -> str:
    """The domain of an e-mail address."""
    return parse_domain(text)


def parse_yes_or_no(text: str, _folder: Path) -> bool:
    """true or false."""
    return parse_boolean(text)
