"""Between the browser's steps the request is sealed: short-lived, for one browser, unchanged."""

from base64 import urlsafe_b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.errors import InvalidArgument, InvalidRequest
from core.domain.keys.browser_seal import LIFETIME
from tests.domain.house import House
from tests.domain.road import BINDING

REQUEST = (("client_id", "client_x"), ("resource", "https://a"), ("resource", "https://b"), ("state", "\u20ac \x00 s"))
OTHER_BROWSER = b"another browser".ljust(32, b".")


def test_what_was_sealed_comes_out_again_in_order(house: House) -> None:
    """The request travels whole: repeated names, order, odd characters."""
    opened = house.seal.require_open(house.seal.seal(REQUEST, BINDING), BINDING)
    assert opened.parameters == REQUEST
    assert len(opened.nonce) == 16


def test_a_sealed_request_shows_nothing(house: House) -> None:
    """It travels through forms: what it holds is encrypted, and sealing twice gives two strings."""
    one, other = (house.seal.seal(REQUEST, BINDING) for _ in range(2))
    assert one != other
    assert "client_x" not in one


@pytest.mark.parametrize(("pause", "opens"), [(0, True), (LIFETIME - 1, True), (LIFETIME, False), (86400, False)])
def test_a_sealed_request_opens_for_ten_minutes(house: House, pause: int, opens: bool) -> None:
    """README, Grants: 10 minutes."""
    sealed = house.seal.seal(REQUEST, BINDING)
    house.clock.advance(pause)
    if opens:
        assert house.seal.require_open(sealed, BINDING).parameters == REQUEST
    else:
        with pytest.raises(InvalidRequest):
            house.seal.require_open(sealed, BINDING)


def test_a_sealed_request_opens_for_no_other_browser(house: House) -> None:
    """CVE-2022-39222, CVE-2026-27124: bound to the browser that started."""
    with pytest.raises(InvalidRequest):
        house.seal.require_open(house.seal.seal(REQUEST, BINDING), OTHER_BROWSER)


@pytest.mark.parametrize("binding", [b"", b"short", BINDING + b"x"])
def test_a_browser_is_named_by_32_bytes(house: House, binding: bytes) -> None:
    """An empty binding would be every browser's: it is refused, to seal with and to open with."""
    with pytest.raises(InvalidArgument):
        house.seal.seal(REQUEST, binding)
    with pytest.raises(InvalidArgument):
        house.seal.require_open(house.seal.seal(REQUEST, BINDING), binding)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_change_to_a_sealed_request_is_refused(house: House, data: st.DataObject) -> None:
    """Authenticated encryption over the whole, and one spelling: every change, cut or addition is seen."""
    sealed = house.seal.seal(REQUEST, BINDING)
    place = data.draw(st.integers(0, len(sealed) - 1))
    letter = data.draw(st.sampled_from("AZaz09-_=+/!\n \u00e9"))
    changed = data.draw(
        st.sampled_from(
            [
                sealed[:place] + letter + sealed[place + 1 :],
                sealed[:place],
                sealed + letter,
                sealed[:place] + letter + sealed[place:],
            ]
        )
    )
    if changed != sealed:
        with pytest.raises(InvalidRequest):
            house.seal.require_open(changed, BINDING)


@pytest.mark.parametrize("purpose", [b"signing key", b"token tag", b""])
def test_what_was_sealed_for_something_else_does_not_open(house: House, purpose: bytes) -> None:
    """Each use of the master key has a key of its own (RFC 5869)."""
    other = urlsafe_b64encode(house.master_keys.seal(purpose, b'{"n":"00","t":0,"p":[]}', BINDING)).decode()
    with pytest.raises(InvalidRequest):
        house.seal.require_open(other, BINDING)
