"""The page on the way to another provider's sign-in or sign-out page."""

import re

from sanic import HTTPResponse

from facade.errors import Refusal
from facade.facade import Facade
from facade.pages.untrusted import shown

_PRINTABLE = re.compile(r"https://[\x21-\x7e]+")


def leaving_page(facade: Facade, url: str, label: str, *, signing_out: bool = False) -> HTTPResponse:
    """Goes on by itself, and by a link where a browser does not.

    A page rather than a redirect: browsers hold form-action of the page before against every hop after a form, and
    nobody can name beforehand where a provider sends its users.
    """
    # The core has checked it; a line break here would still be a header of somebody else's making.
    if not _PRINTABLE.fullmatch(url):
        raise Refusal("UPSTREAM_UNAVAILABLE", "The provider's address is not a plain URL.").saying("provider_address")
    values = {"url": url, "label": shown(label, 80), "signing_out": signing_out}
    page = facade.pages.render("leaving.html", values)
    page.headers["Refresh"] = f"0;url={url}"
    return page
