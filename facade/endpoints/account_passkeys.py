"""Adding, naming and removing the user's own passkeys."""

from functools import partial

from sanic import HTTPResponse, Request
from tokenhouse.v1 import passkey_pb2 as pb

from facade import paths
from facade.cookies import Browser
from facade.core_client import LOGIN_DEADLINE
from facade.endpoints.account_acts import Again, act, show_own
from facade.endpoints.own_form import OwnForm
from facade.errors import Refusal
from facade.facade import Facade
from facade.pages.account_passkeys import new_passkey_page, passkeys_page
from facade.pages.account_second_factor import recovery_codes_page
from facade.replies import redirect
from facade.texts.languages import current_texts
from facade.user_agent import name_browser


async def show_passkeys(request: Request, facade: Facade) -> HTTPResponse:
    """Which ones there are, and what can be done."""
    return await show_own(request, facade, partial(_page, done=request.args.get("done", "")))


async def begin_passkey(request: Request, facade: Facade) -> HTTPResponse:
    """Takes the password, and shows the page where the browser makes a passkey."""

    async def begin(form: OwnForm) -> HTTPResponse:
        question = pb.BeginPasskeyRequest(
            session_token=form.session_token,
            browser_binding=form.browser.binding,
            password=form.find("password"),
            network_address=facade.network_address(request),
        )
        begun = await facade.core.account.passkeys.begin(question, LOGIN_DEADLINE)
        return new_passkey_page(facade, form.browser, form.session_token, begun, _proposed_name(request))

    return await act(request, facade, "begin passkey", begin, again=_AGAIN)


async def add_passkey(request: Request, facade: Facade) -> HTTPResponse:
    """Adds what the browser has made; with the user's first second factor come the recovery codes, shown once."""

    async def add(form: OwnForm) -> HTTPResponse:
        question = pb.AddPasskeyRequest(
            session_token=form.session_token,
            browser_binding=form.browser.binding,
            sealed_challenge=form.find("sealed_challenge"),
            response=form.find("response"),
            name=form.find("name"),
            proposed_name=_proposed_name(request),
        )
        try:
            answer = await facade.core.account.passkeys.add(question)
        except Refusal as refusal:
            if refusal.reason == "INVALID_REQUEST":
                raise form.expired(refusal) from refusal
            raise
        if answer.recovery_codes:
            return recovery_codes_page(facade, answer.recovery_codes)
        return _says(facade, "added")

    return await act(request, facade, "add passkey", add, carried=("sealed_challenge",), again=_AGAIN)


async def rename_passkey(request: Request, facade: Facade) -> HTTPResponse:
    """Gives one another name."""

    async def rename(form: OwnForm) -> HTTPResponse:
        question = pb.RenamePasskeyRequest(
            session_token=form.session_token, passkey_id=form.find("passkey_id"), name=form.find("name")
        )
        await facade.core.account.passkeys.rename(question)
        return _says(facade, "renamed")

    return await act(request, facade, "rename passkey", rename, carried=("passkey_id",), again=_AGAIN)


async def remove_passkey(request: Request, facade: Facade) -> HTTPResponse:
    """Takes the password, and removes one."""

    async def remove(form: OwnForm) -> HTTPResponse:
        question = pb.RemovePasskeyRequest(
            session_token=form.session_token,
            passkey_id=form.find("passkey_id"),
            password=form.find("password"),
            network_address=facade.network_address(request),
        )
        await facade.core.account.passkeys.remove(question, LOGIN_DEADLINE)
        return _says(facade, "removed")

    return await act(request, facade, "remove passkey", remove, carried=("passkey_id",), again=_AGAIN)


async def _page(
    facade: Facade, browser: Browser, session_token: str, refusal: Refusal | None = None, *, done: str = ""
) -> HTTPResponse:
    state = await facade.core.account.passkeys.list(pb.ListPasskeysRequest(session_token=session_token))
    return passkeys_page(facade, browser, session_token, state, refusal, done=done)


_AGAIN = Again(_page, ("LOGIN_FAILED", "TOO_MANY_ATTEMPTS", "PASSKEY_FAILED", "INVALID_ARGUMENT"))


def _says(facade: Facade, done: str) -> HTTPResponse:
    return redirect(f"{facade.local_url(paths.ACCOUNT_PASSKEYS)}?done={done}")


def _proposed_name(request: Request) -> str:
    return name_browser(request.headers.get("user-agent", "")[:512]) or current_texts().text("passkeys.one")
