"""Acts: a page of its own asks once more, and its form does it."""

from sanic import HTTPResponse, Request

from facade.console_acts import ACTS, Act
from facade.cookies import Browser
from facade.endpoints.console.looking import NOTHING, look, query_of
from facade.endpoints.own_form import parse_own_form
from facade.errors import Refusal
from facade.facade import Facade
from facade.pages.console.confirm import CARRIED, FORM, confirm_page_of, done_page
from facade.pages.console.instead import not_an_operator_page, nothing_page


async def act(request: Request, facade: Facade) -> HTTPResponse:
    """Asks whether it is meant; the form that this page shows is the act."""
    if request.method == "POST":
        return await _act(request, facade)
    query = query_of(request)
    wanted, target = _find_act(query.find("act")), query.require("target")
    return await look(request, facade, confirm_page_of(wanted, target), wanted.subject.look(target))


async def _act(request: Request, facade: Facade) -> HTTPResponse:
    form = parse_own_form(request, facade, FORM, carried=CARRIED)
    wanted, target = _find_act(form.find("act")), form.find("target")
    try:
        answer = await facade.core.act(wanted.request(target, form.session_token))
    except Refusal as refusal:
        return _instead(facade, form.browser, form.session_token, refusal)
    return done_page(facade, wanted, answer)


def _instead(facade: Facade, browser: Browser, session_token: str, refusal: Refusal) -> HTTPResponse:
    if refusal.reason == "NOT_AN_OPERATOR":
        return not_an_operator_page(facade, browser, session_token)
    if refusal.reason in NOTHING:
        return nothing_page(facade, refusal, NOTHING[refusal.reason])
    raise refusal


def _find_act(name: str | None) -> Act:
    wanted = ACTS.get(name or "")
    if wanted is None:
        raise Refusal("NOT_FOUND", "There is no such act.")
    return wanted
