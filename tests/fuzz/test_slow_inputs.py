"""A megabyte of anything is read or refused in less than 50 ms: no work grows faster than its input.

CVE-2022-36087, CVE-2026-0621 and their family. What counts is the CPU time of this thread alone, the best of several
runs: how busy the machine is does not matter.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.config.load import load_config
from core.config.syntax import parse_entries
from core.domain.administration.grants import _parse_grant_id, _parse_page_token
from core.domain.authorization.pkce import require_code_challenge, verify_code_verifier
from core.domain.authorization.user_code import find_user_code
from core.domain.clients.client_metadata import parse_client_metadata
from core.domain.clients.document_url import parse_document_url
from core.domain.clients.metadata_document import parse_own_document
from core.domain.clients.redirect_policy import parse_redirect_uri
from core.domain.limits.network import network_of
from core.domain.sessions.login import find_token_hash
from core.domain.tokens.grant_token import TokenKind, find_grant_token
from core.domain.tokens.resource import normalise_resource
from core.domain.users.user import parse_username, username_key
from facade.client_credentials import _parse_basic
from facade.cookies import Cookies
from facade.endpoints.metadata import _ENTITY_TAG
from facade.errors import clean_description
from facade.forms import decode, media_type, parse_parameters
from facade.headers import form_target
from facade.network_address import find_network_address
from facade.pages.untrusted import shown
from facade.request_head import find_path, require_request_head
from facade.settings import parse_network
from tests.fuzz.cpu_time import best_cpu_time

_LIMIT = 0.05

#: What a megabyte is made of, over and over.
_UNITS = (
    *("a", "A", "0", "1", " ", "\t", "\n", "\x00", "-", "_", "+", "=", "é", "\ufdfa", "\u0315\u0300", "\u1e9b\u0323"),
    *("%", "%41", "%2e", "%c3%a9", "&", "a&", "&a=", "a=b&", ".", "/", "../", ":", "::", "@", ";", "; ", "#", "?", ","),
    *("[", "]", '"', "\\", '\\"', "{", "}", "[1,", '{"a":', "1.", "127.0.0.1,", "A=1\n", ";\n", "a\n", "Host: a\r\n"),
    *("\r\n a", "W/", '"a",', "a b ", "9"),
)
_COOKIES = Cookies(https=True)
_PROXIES = (parse_network("127.0.0.1"),)


def _bytes(read: Callable[[bytes], object]) -> Callable[[str], object]:
    return lambda text: read(text.encode("utf-8", "surrogatepass"))


#: How each is read, and what has to stand before it so that reading does not end at its first letter.
READERS: dict[str, tuple[Callable[[str], object], str]] = {
    "user code": (find_user_code, "HKLMQ-"),
    "config text": (lambda text: list(parse_entries(text, "file")), "[S]\nA="),
    "form body": (_bytes(parse_parameters), "a="),
    "form value": (_bytes(decode), ""),
    "media type": (media_type, ""),
    "Basic header": (lambda text: _parse_basic(f"Basic {text}"), ""),
    "redirect URI": (parse_redirect_uri, "http://localhost/"),
    "client_id that is a URL": (parse_document_url, "https://client.example/"),
    "client's document": (_bytes(parse_own_document), '{"client_id":"https://client.example/'),
    "redirect URI in a page's policy": (form_target, "https://"),
    "text on a page": (lambda text: shown(text, 80), ""),
    "registration document": (_bytes(lambda raw: parse_client_metadata(raw, ())), '{"redirect_uris":["'),
    "code": (lambda text: find_grant_token(text, TokenKind.CODE), "thc_"),
    "code_verifier": (lambda text: verify_code_verifier(text, "x" * 43), ""),
    "code_challenge": (lambda text: require_code_challenge(text, "S256"), ""),
    "resource": (normalise_resource, "https://"),
    "session token": (find_token_hash, ""),
    "page token": (_parse_page_token, ""),
    "grant id": (_parse_grant_id, ""),
    "network address": (network_of, ""),
    "user name": (username_key, ""),
    "new user name": (parse_username, ""),
    "description": (clean_description, ""),
}
#: What stands in a request's head, which is cut off at 32 KiB before it is read.
HEAD_READERS: dict[str, tuple[Callable[[str], object], str]] = {
    "request head": (_bytes(require_request_head), "GET / HTTP/1.1\r\nHost: "),
    "request path": (_bytes(find_path), "GET /"),
    "Cookie": (lambda text: (_COOKIES.find_browser(text), _COOKIES.find_session_token(text)), ""),
    "X-Forwarded-For": (lambda text: find_network_address("127.0.0.1", [text], _PROXIES), "127.0.0.1,"),
    "If-None-Match": (_ENTITY_TAG.findall, '"'),
}
#: Settings whose values are taken apart.
_SETTINGS = ("Server.Address", "Server.TrustedProxy", "Server.OAuthAllowedRedirectURI", "OAuth.Scope", "OAuth.Resource")


def cpu_time(read: Callable[[Any], object], given: Any, *, enough: float) -> float:
    """Seconds of this thread's CPU time for one read: the best of several runs, or the first that is good enough."""

    def run() -> None:
        try:
            read(given)
        except Exception as refusal:
            # Whichever refusal it is, other tests look at.
            assert not isinstance(refusal, MemoryError | AssertionError)

    return best_cpu_time(run, time.thread_time, enough=enough)


def slow_inputs(read: Callable[[str], object], start: str, size: int, limit: float) -> dict[str, float]:
    """Of all that `size` bytes can be made of what takes longer than the limit, in seconds."""
    took = {unit: cpu_time(read, start + unit * (size // len(unit.encode())), enough=limit) for unit in _UNITS}
    return {unit: seconds for unit, seconds in took.items() if seconds >= limit}


@pytest.mark.parametrize("reader", READERS)
def test_a_megabyte_takes_no_time(reader: str) -> None:
    """Whatever it is made of: less than 50 ms of CPU time."""
    assert slow_inputs(*READERS[reader], 1_000_000, _LIMIT) == {}


@pytest.mark.parametrize("reader", HEAD_READERS)
def test_a_whole_head_takes_no_time(reader: str) -> None:
    """32 KiB of one header: less than 5 ms of CPU time."""
    assert slow_inputs(*HEAD_READERS[reader], 32 * 1024, 0.005) == {}


@pytest.mark.parametrize("setting", _SETTINGS)
def test_a_file_of_one_setting_takes_no_time(setting: str, tmp_path: Path) -> None:
    """A configuration as large as may be, all of it one value: less than 50 ms of CPU time."""
    section, _, key = setting.partition(".")
    file = tmp_path / "tokenhouse.conf"

    def read(value: str) -> None:
        file.write_text(f"[{section}]\n{key} = {value}")
        load_config(file, {})

    assert slow_inputs(read, "https://", 256 * 1024 - 100, _LIMIT) == {}


#: Lines of settings that may be repeated: how each begins, of what the rest of it is made, and its length.
_REPEATED = {
    "short networks": ("Server.TrustedProxy", "10.0.0.{}/32", "", 0),
    "short redirect URIs": ("Server.OAuthAllowedRedirectURI", "https://a.example/{}/", "", 0),
    "redirect URIs": ("Server.OAuthAllowedRedirectURI", "https://a.example/{}/", "%41/a/", 200),
    "long redirect URIs": ("Server.OAuthAllowedRedirectURI", "https://a.example/{}/", "%41/a/", 1900),
    "short scopes": ("OAuth.Scope", "a{}: a", "", 0),
    "scopes": ("OAuth.Scope", "a{}: a", "é ", 150),
    "default scopes": ("OAuth.DefaultScope", "mcp", "", 0),
    "short resources": ("OAuth.Resource", "https://a.example/{}", "", 0),
    "resources": ("OAuth.Resource", "https://a.example/{}/", "%41/a/", 200),
    "long resources": ("OAuth.Resource", "https://a.example/{}/", "%41/a/", 1900),
}


@pytest.mark.parametrize(("setting", "start", "unit", "length"), _REPEATED.values(), ids=list(_REPEATED))
def test_a_file_of_many_settings_takes_no_time(
    setting: str, start: str, unit: str, length: int, tmp_path: Path
) -> None:
    """A configuration as large as may be, a thousand lines or fewer long ones: less than 50 ms of CPU time."""
    section, _, key = setting.partition(".")
    count = min(1000, 250_000 // (length + 60))
    values = (start.format(number % 256 if "/32" in start else number) for number in range(count))
    file = tmp_path / "tokenhouse.conf"
    file.write_text("\n".join([f"[{section}]", *(f"{key} = {value}{unit * (length // 6)}" for value in values)]))

    def read(path: Path) -> None:
        # Each time as if for the first time.
        parse_redirect_uri.cache_clear()
        load_config(path, {})

    read(file)
    assert cpu_time(read, file, enough=_LIMIT) < _LIMIT


def test_a_file_of_too_many_settings_takes_no_time(tmp_path: Path) -> None:
    """It is refused at the first line that is one too many: less than 50 ms of CPU time."""
    file = tmp_path / "tokenhouse.conf"
    file.write_text("[OAuth]\n" + "".join(f"Scope = a{number}: b\n" for number in range(15_000)))

    assert cpu_time(lambda path: load_config(path, {}), file, enough=_LIMIT) < _LIMIT
