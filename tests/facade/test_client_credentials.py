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
