"""What is shown instead of a page of the console."""

from sanic import HTTPResponse

from facade import paths
from facade.cookies import Browser
from facade.correlation import correlation_id
from facade.csrf import csrf_token
from facade.errors import Refusal
from facade.facade import Facade
from facade.pages.details import detail_words


def not_an_operator_page(facade: Facade, browser: Browser, session_token: str) -> HTTPResponse:
    """Says that the console is not for this account, and lets another one in."""
    values = {
        "logout_url": facade.local_url(paths.CONSOLE_LOGOUT),
        "logout_csrf_token": csrf_token(browser, "console logout", session_token),
    }
    return facade.pages.render("console/not_an_operator.html", values, status=403)


def nothing_page(facade: Facade, refusal: Refusal, status: int) -> HTTPResponse:
    """Says what the core said: there is no such thing, or it cannot be done in this state."""
    values = {
        "details": detail_words(refusal),
        "incident": correlation_id.get(),
        "console_url": facade.local_url(paths.CONSOLE),
    }
    return facade.pages.render("console/nothing.html", values, status=status)
