"""Form bodies and query strings of any content, at every endpoint that takes one."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus, unquote_to_bytes, urlencode

import pytest
from hypothesis import strategies as st

from facade.errors import Refusal
from facade.forms import decode, parse_parameters
from tests.fuzz.held import Property
from tests.fuzz.messages import TEXTS
from tests.fuzz.pair_target import DEVICE_GRANT_TYPE, PairTarget

_NAMES = [
    *("grant_type", "code", "code_verifier", "client_id", "client_secret", "redirect_uri", "refresh_token", "scope"),
    *("resource", "token", "token_type_hint", "response_type", "state", "code_challenge", "code_challenge_method"),
    *("prompt", "nonce", "request", "request_uri", "username", "password", "decision", "csrf_token", "sealed_request"),
    *("device_code", "user_code", "sealed_device_page"),
]
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
_RAW = st.lists(st.sampled_from([*b"ax&=+%;\\\x00\xff\xc3\xa9", *b"0123AFaf"]), max_size=24).map(bytes) | st.binary(
    max_size=40
)


def _is_read_as_the_standard_library_reads_it(raw: bytes) -> None:
    """Its readers are lenient; wherever ours takes something they agree."""
    try:
        text = decode(raw)
    except Refusal as refusal:
        assert refusal.reason == "INVALID_REQUEST"
        return
    assert text.encode() == unquote_to_bytes(raw.replace(b"+", b" "))


def _is_parameters_or_refused(raw: bytes) -> None:
    try:
        parsed = parse_parameters(raw)
    except Refusal as refusal:
        assert refusal.reason == "INVALID_REQUEST"
        return
    assert len(parsed) == len([pair for pair in raw.split(b"&") if pair])
    again = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in parsed)
    assert parse_parameters(again.encode()) == [pair for pair in parsed if pair != ("", "")] or ("", "") in parsed


PROPERTIES = [
    Property("a value is decoded as others decode it, or refused", _RAW, _is_read_as_the_standard_library_reads_it),
    Property("a body is parameters or refused", _RAW, _is_parameters_or_refused),
]


def target_properties(target: PairTarget) -> list[Property]:
    """What every endpoint keeps, whatever it is sent."""
    words = [*target.tokens.values(), target.client_id, target.sealed_request, "authorization_code", "refresh_token"]
    words += [DEVICE_GRANT_TYPE, target.device["device_code"], target.device["user_code"]]
    texts = st.sampled_from([*map(str, words), *TEXTS]) | _TEXT
    pairs = st.lists(st.tuples(st.sampled_from(_NAMES) | _TEXT, texts), max_size=8).map(urlencode).map(str.encode)
    base = urlencode(target.visit.parameters()).encode()
    queries = pairs | pairs.map(lambda more: base + b"&" + more) | _RAW
    fields = st.dictionaries(st.sampled_from(_NAMES), texts, max_size=4)
    carried = st.sampled_from([target.sealed_request, ""]) | texts
    return [
        Property("token", _posted(pairs | _RAW, target.client_id), _json_or_refused(target, "/oauth/v1/token")),
        Property("revoke", _posted(pairs | _RAW, target.client_id), _json_or_refused(target, "/oauth/v1/revoke")),
        Property(
            "device authorization",
            _posted(pairs | _RAW, target.device_client_id),
            _json_or_refused(target, "/oauth/v1/device_authorization"),
        ),
        Property("the page for devices", queries, _get(target, "/device")),
        Property("a code for a device", fields, lambda form: target.send_own_form("device", {}, form)),
        Property("device login", st.tuples(carried, fields), _own_form(target, "device login", "sealed_device_page")),
        Property(
            "device consent", st.tuples(carried, fields), _own_form(target, "device consent", "sealed_device_page")
        ),
        Property("authorize by POST", queries, lambda body: target.post("/oauth/v1/authorize", body)),
        Property("authorize by GET", queries, _authorize(target)),
        Property("login", st.tuples(carried, carried, fields), _own_form(target, "login", "sealed_request", "client")),
        Property("consent", st.tuples(carried, fields), _own_form(target, "consent", "sealed_request")),
    ]


@pytest.mark.parametrize("held", PROPERTIES, ids=lambda held: held.name)
def test_any_bytes(held: Property) -> None:
    """Any bytes are parameters or INVALID_REQUEST, and no byte is read in a way of our own (RFC 6749 appendix B)."""
    held.check(100)


def _posted(bodies: st.SearchStrategy[bytes], client_id: str) -> st.SearchStrategy[bytes]:
    named = b"client_id=" + client_id.encode()
    return bodies | bodies.map(lambda body: named + b"&" + body)


def _json_or_refused(target: PairTarget, path: str) -> Callable[[bytes], None]:
    def holds(body: bytes) -> None:
        reply = target.post(path, body)
        if reply.status_code != 200:
            assert set(json.loads(reply.text)) == {"error", "error_description"}

    return holds


def _get(target: PairTarget, path: str) -> Callable[[bytes], None]:
    def holds(query: bytes) -> None:
        reply = target.visit.browser.get(f"{path}?{_line(query)}")
        assert reply.status_code in (200, 400), reply.text[:300]
        assert "<script" not in reply.text

    return holds


def _line(query: bytes) -> str:
    """A request line is ASCII; what is not is percent-encoded by whoever sends it."""
    return quote_plus(query, safe="&=+%;\\/:?@!$'()*,-._~")


def _authorize(target: PairTarget) -> Callable[[bytes], None]:
    def holds(query: bytes) -> None:
        reply = target.visit.browser.get(f"/oauth/v1/authorize?{_line(query)}")
        assert reply.status_code < 500, reply.text[:300]
        if "location" in reply.headers:
            assert reply.headers["location"].startswith(f"{target.visit.redirect_uri}?")

    return holds


def _own_form(target: PairTarget, name: str, *carried: str) -> Callable[[Any], None]:
    def holds(values: Any) -> None:
        *texts, fields = values
        own = {name: value for name, value in fields.items() if name not in carried}
        target.send_own_form(name, dict(zip(carried, texts, strict=True)), own)

    return holds
