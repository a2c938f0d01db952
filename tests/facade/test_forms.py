"""Form data is parsed strictly: nothing dropped, nothing guessed."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facade.errors import Refusal
from facade.forms import Form, decode, parse_form, parse_parameters

_FORM = "application/x-www-form-urlencoded"
_text = st.text(st.characters(exclude_categories=["Cs"]))
_part = st.lists(st.sampled_from([b"a", b"+", b"%20", b"%2B", b"\xc3", b"\xa9", b"%c3", b"%A9", b"%"])).map(b"".join)


@given(st.lists(st.tuples(_text, _text)))
def test_whatever_was_encoded_comes_back_in_order(pairs: list[tuple[str, str]]) -> None:
    """Names and values of any text, repeated and blank ones too, come back as they were (RFC 6749 appendix B)."""
    assert parse_parameters(urlencode(pairs).encode()) == pairs


@given(st.lists(st.tuples(_part, _part)))
def test_a_part_means_the_same_whatever_stands_beside_it(parts: list[tuple[bytes, bytes]]) -> None:
    """Each name and value is decoded by itself (RFC 6749 appendix B): another one with an escape, or none, changes
    nothing."""
    raw = b"&".join(name + b"=" + value for name, value in parts)
    try:
        alone = [(decode(name), decode(value)) for name, value in parts]
    except Refusal:
        with pytest.raises(Refusal, match="INVALID_REQUEST"):
            parse_parameters(raw)
    else:
        assert parse_parameters(raw) == alone


@pytest.mark.parametrize("raw", [b"a=%", b"a=%4", b"a=%zz", b"%g0=a", b"a=%ff", b"a=%c3%28", b"a=\xff", b"a=%u0041"])
def test_malformed_encoding_is_refused(raw: bytes) -> None:
    """Broken percent-encoding and broken UTF-8 are invalid_request, never a replacement character."""
    with pytest.raises(Refusal, match="INVALID_REQUEST"):
        parse_parameters(raw)


def test_an_empty_value_counts_as_absent() -> None:
    """RFC 6749 §3.1: parameters without a value are treated as omitted."""
    form = Form(parse_parameters(b"scope=&code=a"))

    assert form.find("scope") is None
    with pytest.raises(Refusal, match="'scope' is missing"):
        form.require("scope")
    assert form.require("code") == "a"


@pytest.mark.parametrize("raw", [b"code=a&code=b", b"code=a&code=a", b"code=&code=a", b"c%6fde=a&code=b", b"x=1&x=2"])
def test_a_repeated_parameter_is_refused(raw: bytes) -> None:
    """RFC 6749 §3.2: parameters must not be included more than once, blank, equal or unknown ones neither."""
    with pytest.raises(Refusal, match="is repeated"):
        Form(parse_parameters(raw), repeatable=("resource",))


def test_a_repeatable_parameter_keeps_all_values() -> None:
    """RFC 8707 §2: several resource parameters may stand in one request."""
    form = Form(parse_parameters(b"resource=a&resource=&resource=b"), repeatable=("resource",))

    assert form.find_all("resource") == ["a", "b"]


@pytest.mark.parametrize(
    "content_type", [None, "", "application/json", "multipart/form-data", "text/plain", _FORM + "x"]
)
def test_other_media_types_are_refused(content_type: str | None) -> None:
    """A body is a form only when it says so (row 13 of the reply table)."""
    with pytest.raises(Refusal, match="content type"):
        parse_form(content_type, "", b"a=b")


@pytest.mark.parametrize("content_type", [_FORM, _FORM.upper(), _FORM + "; charset=UTF-8", f" {_FORM} ;x=y"])
def test_the_form_media_type_is_known_in_every_spelling(content_type: str) -> None:
    """Media types are case-insensitive and may have parameters (RFC 9110 §8.3.1)."""
    assert parse_form(content_type, "", b"a=b").find("a") == "b"


def test_parameters_in_the_url_of_a_post_are_refused() -> None:
    """RFC 6749 §2.3.1, §3.2: they would end in logs."""
    with pytest.raises(Refusal, match="never into the URL"):
        parse_form(_FORM, "a=b", b"c=d")


def test_thousands_of_parameters_are_refused() -> None:
    """A body of many tiny parameters buys no work beyond counting them."""
    with pytest.raises(Refusal, match="too many"):
        parse_parameters(b"a&" * 5000)
