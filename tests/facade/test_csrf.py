"""Forms that only our own pages can send."""

import pytest

from facade.cookies import new_browser
from facade.csrf import csrf_token, require_csrf_token, require_same_origin
from facade.errors import Refusal


def test_a_token_is_good_for_the_form_it_was_made_for() -> None:
    """The very same browser, form, session and content pass."""
    browser = new_browser()

    require_csrf_token(csrf_token(browser, "consent", "s", "sealed"), browser, "consent", "s", "sealed")


@pytest.mark.parametrize(
    ("form_name", "session_token", "carried"),
    [
        ("logout", "s", ("sealed",)),
        ("consent", "other", ("sealed",)),
        ("consent", "", ("sealed",)),
        ("consent", "s", ("other",)),
        ("consent", "s", ()),
        ("consent", "s", ("sealed", "")),
        ("consents", "", ("sealed",)),
        ("consent", "ssealed", ("",)),
    ],
)
def test_a_token_is_good_for_nothing_else(form_name: str, session_token: str, carried: tuple[str, ...]) -> None:
    """Each single difference refuses, and moving a boundary between parts is a difference."""
    browser = new_browser()
    token = csrf_token(browser, "consent", "s", "sealed")

    with pytest.raises(Refusal, match="FORM_EXPIRED"):
        require_csrf_token(token, browser, form_name, session_token, *carried)


@pytest.mark.parametrize("token", ["", "A" * 43, "é"])
def test_a_wrong_or_missing_token_is_refused(token: str) -> None:
    """Absent is not right."""
    with pytest.raises(Refusal, match="FORM_EXPIRED"):
        require_csrf_token(token, new_browser(), "consent", "s")


def test_another_browsers_token_is_refused() -> None:
    """Whoever has a page of their own cannot use its token in somebody else's browser."""
    token = csrf_token(new_browser(), "consent", "s")

    with pytest.raises(Refusal, match="FORM_EXPIRED"):
        require_csrf_token(token, new_browser(), "consent", "s")


_OWN = "https://a.example"


@pytest.mark.parametrize(
    ("origin", "site"), [(None, None), (_OWN, "same-origin"), ("null", "same-origin"), (None, "none")]
)
def test_our_own_forms_pass(origin: str | None, site: str | None) -> None:
    """Browsers that send neither header, and those that send "null" because our pages ask for no referrer."""
    require_same_origin(origin, site, _OWN)


@pytest.mark.parametrize(
    ("origin", "site"),
    [
        (None, "cross-site"),
        (None, "same-site"),
        ("null", "cross-site"),
        (_OWN, "cross-site"),
        ("https://b.example", None),
        ("http://a.example", "same-origin"),
        ("https://a.example:8443", None),
        ("https://a.example.evil.example", None),
        (None, "?"),
    ],
)
def test_forms_from_elsewhere_are_refused(origin: str | None, site: str | None) -> None:
    """Fetch Metadata §2.3: what the browser itself says of where a form comes from is believed when it is bad news."""
    with pytest.raises(Refusal, match="FORM_EXPIRED"):
        require_same_origin(origin, site, _OWN)
