"""Where other OpenID providers send browsers, and the button that leads there."""

from tests.facade.pair import Pair
from tests.facade.road import Visit, register


def test_a_browser_that_began_nothing(pair: Pair) -> None:
    """An answer without the browser's cookie, or for a provider that is not there, is a page, and no session."""
    visit = Visit(pair, register(pair))
    path = pair.url("/login/callback/company")

    stranger = visit.browser.get(path, params={"code": "c", "state": "s"})
    assert (stranger.status_code, "set-cookie" in stranger.headers) == (400, False)
    assert "Signing in did not work" in stranger.text
    visit.start()
    unknown = visit.browser.get(path, params={"code": "c", "state": "s"})
    assert (unknown.status_code, "set-cookie" in unknown.headers) == (404, False)
    out = visit.browser.get(pair.url("/login/signed-out"), params={"state": "s"})
    assert out.status_code == 400


def test_the_button_is_our_own_pages(pair: Pair) -> None:
    """A form of another page, or of another site, leads nowhere; without a provider there is no button."""
    visit = Visit(pair, register(pair))
    page = visit.start()
    assert "/login/upstream" not in page.text

    for headers in ({}, {"Sec-Fetch-Site": "cross-site"}):
        form = {"provider": "company", "csrf_token": "A" * 43, "sealed_request": "x"}
        answer = visit.browser.post(pair.url("/login/upstream"), data=form, headers=headers)
        assert answer.status_code == 403
