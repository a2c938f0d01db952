"""How a client says who it is, in exactly one way (RFC 6749 §2.3)."""

import base64

import pytest

from facade.client_credentials import parse_client_credentials
from facade.errors import Refusal
from facade.forms import Form, parse_parameters


def basic(text: str) -> str:
    """An Authorization header."""
    return "Basic " + base64.b64encode(text.encode()).decode()


def form(raw: bytes = b"") -> Form:
    """A body, parsed."""
    return Form(parse_parameters(raw))


def test_a_public_client_names_itself_in_the_body() -> None:
    """OAuth 2.1 §3.2: client_id without a secret is the method "none", and absent is not empty."""
    credentials = parse_client_credentials(None, form(b"client_id=a&client_secret="))

    assert (credentials.client_id, credentials.method) == ("a", "none")
    assert not credentials.HasField("client_secret")


def test_a_secret_in_the_body_is_client_secret_post() -> None:
    """RFC 6749 §2.3.1, second form."""
    credentials = parse_client_credentials(None, form(b"client_id=a&client_secret=b"))

    assert (credentials.client_id, credentials.client_secret, credentials.method) == ("a", "b", "client_secret_post")


def test_basic_credentials_are_form_encoded_inside() -> None:
    """RFC 6749 §2.3.1: both halves are form-encoded first, so that URLs as client ids survive their colons."""
    header = basic("https%3A%2F%2Fa.example%2Fx:p%25+q")
    credentials = parse_client_credentials(header, form())

    assert (credentials.client_id, credentials.client_secret) == ("https://a.example/x", "p% q")
    assert credentials.method == "client_secret_basic"


def test_the_same_client_id_may_stand_in_both_places() -> None:
    """The body's client_id is no second credential when it is the same and has no secret."""
    assert parse_client_credentials(basic("a:b"), form(b"client_id=a")).client_id == "a"


_ASSERTION = b"client_assertion=a.b.c&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def test_a_signed_statement_is_private_key_jwt() -> None:
    """RFC 7523 §2.2, RFC 7521 §4.2: client_id may be left out; each request is an attempt of its own."""
    alone, another = (parse_client_credentials(None, form(_ASSERTION)) for _ in range(2))
    named = parse_client_credentials(None, form(b"client_id=a&" + _ASSERTION))

    assert (alone.client_id, alone.client_assertion, alone.method) == ("", "a.b.c", "private_key_jwt")
    assert named.client_id == "a"
    assert len(alone.attempt_id) == 16
    assert alone.attempt_id != another.attempt_id


@pytest.mark.parametrize(
    ("header", "body", "reason"),
    [
        (None, b"client_assertion=a.b.c", "INVALID_CLIENT"),
        (None, b"client_assertion=a.b.c&client_assertion_type=jwt", "INVALID_CLIENT"),
        (None, b"client_secret=b&" + _ASSERTION, "INVALID_REQUEST"),
        (basic("a:b"), _ASSERTION, "INVALID_REQUEST"),
    ],
)
def test_an_assertion_stands_alone(header: str | None, body: bytes, reason: str) -> None:
    """RFC 7521 §4.2, RFC 6749 §2.3: of a kind that is known, and the only proof."""
    with pytest.raises(Refusal, match=reason):
        parse_client_credentials(header, form(body))


@pytest.mark.parametrize("body", [b"client_id=a&client_secret=b", b"client_secret=b", b"client_id=other"])
def test_two_ways_at_once_are_refused(body: bytes) -> None:
    """RFC 6749 §2.3: a client must not use more than one authentication method (row 15 of the reply table)."""
    with pytest.raises(Refusal, match="INVALID_REQUEST"):
        parse_client_credentials(basic("a:b"), form(body))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic ",
        "Basic !!!!",
        basic("no colon"),
        "Bearer abc",
        basic("a%zz:b"),
        "Basic \udcff",
        "Basic YTpi=YTpi",
    ],
)
def test_a_broken_header_is_invalid_client(header: str) -> None:
    """RFC 6749 §5.2: authentication that cannot be read has failed; it is never taken for none."""
    with pytest.raises(Refusal, match="INVALID_CLIENT"):
        parse_client_credentials(header, form(b"client_id=a"))
