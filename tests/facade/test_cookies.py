"""The three cookies, as they are read and written."""

import pytest

from facade.cookies import Browser, Cookies, new_browser

_VALUE = "A" * 43


@pytest.mark.parametrize(("https", "prefix", "secure"), [(True, "__Host-", "; Secure"), (False, "", "")])
def test_attributes_follow_the_address(https: bool, prefix: str, secure: str) -> None:
    """RFC 6265bis §4.1.3.2: __Host- needs Secure, Path=/ and no Domain; plain http can have no Secure."""
    cookies = Cookies(https=https)
    attributes = f"; Path=/; HttpOnly; SameSite=Lax{secure}"

    assert cookies.set_browser(Browser(_VALUE)) == f"{prefix}tokenhouse-browser={_VALUE}{attributes}"
    assert cookies.set_session("s" * 43) == f"{prefix}tokenhouse-session={'s' * 43}{attributes}"
    assert cookies.signed_in("s" * 43, "r" * 80) == [
        f"{prefix}tokenhouse-session={'s' * 43}{attributes}",
        f"{prefix}tokenhouse-remembered={'r' * 80}{attributes}; Max-Age=31536000",
    ]
    assert cookies.signed_in("s" * 43, "") == [cookies.set_session("s" * 43)]
    assert cookies.clear_session() == f"{prefix}tokenhouse-session={attributes}; Max-Age=0"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "other=1",
        "tokenhouse-browser=short",
        f"tokenhouse-browser={_VALUE}A",
        f"tokenhouse-browser={'é' * 43}",
        f"tokenhouse-browser={_VALUE[:-1]}%",
        f"tokenhouse-browser={_VALUE}; tokenhouse-browser={_VALUE}",
        f'tokenhouse-browser="{_VALUE}"',
        f"__Host-tokenhouse-browser={_VALUE}",
        f"Tokenhouse-Browser={_VALUE}",
    ],
)
def test_a_malformed_or_doubled_cookie_counts_as_absent(header: str) -> None:
    """What we did not write so is no cookie of ours; of two nobody knows which one is."""
    assert Cookies(https=False).find_browser(header) is None


def test_a_cookie_is_found_among_others() -> None:
    """Other cookies of the host do not disturb."""
    cookies = Cookies(https=True)
    browser = new_browser()
    header = f"a=b; {cookies.set_browser(browser).partition(';')[0]}; {cookies.session_name}=sessionsession-token; c"

    assert cookies.find_browser(header) == browser
    assert cookies.find_session_token(header) == "sessionsession-token"
    assert cookies.find_session_token("a=b") == ""
    assert cookies.find_remembered(f"a=b; {cookies.remembered_name}={'r' * 80}==; c") == "r" * 80 + "=="
    assert cookies.find_remembered(f"{cookies.remembered_name}=r r") == ""


def test_the_binding_does_not_tell_the_cookie() -> None:
    """The core is told a digest: 32 bytes, the same for the same browser, and no repr shows the secret."""
    browser, other = new_browser(), new_browser()

    assert len(browser.binding) == 32
    assert browser.binding == Browser(browser.secret).binding
    assert browser.binding != other.binding
    assert browser.secret not in repr(browser)
