"""The pages of the user's passkeys: the list, and the one where the browser makes one."""

from functools import partial

from sanic import HTTPResponse
from tokenhouse.v1.passkey_pb2 import BeginPasskeyResponse, ListPasskeysResponse, Passkey

from facade import paths
from facade.cookies import Browser
from facade.csrf import csrf_token
from facade.errors import Refusal
from facade.facade import Facade
from facade.pages.account_password import problem_with_password
from facade.pages.untrusted import shown
from facade.texts.languages import current_texts

_DONE = {"added": "passkeys.done_added", "renamed": "passkeys.done_renamed", "removed": "passkeys.done_removed"}


def passkeys_page(
    facade: Facade,
    browser: Browser,
    session_token: str,
    state: ListPasskeysResponse,
    refusal: Refusal | None = None,
    *,
    done: str = "",
) -> HTTPResponse:
    """What there is, and the forms that change it; after a refusal it says what was wrong."""
    token = partial(csrf_token, browser)
    values = {
        "passkeys": [
            _passkey(each)
            | {
                "rename_csrf_token": token("rename passkey", session_token, each.passkey_id),
                "remove_csrf_token": token("remove passkey", session_token, each.passkey_id),
            }
            for each in state.passkeys
        ],
        "available": state.available,
        "may_add": state.may_add,
        "begin_url": facade.local_url(paths.ACCOUNT_PASSKEYS_BEGIN),
        "begin_csrf_token": token("begin passkey", session_token),
        "rename_url": facade.local_url(paths.ACCOUNT_PASSKEYS_RENAME),
        "remove_url": facade.local_url(paths.ACCOUNT_PASSKEYS_REMOVE),
        "account_url": facade.local_url(paths.ACCOUNT),
        "done": current_texts().text(_DONE[done]) if done in _DONE else "",
        "problem": None if refusal is None else _problem(refusal),
    }
    return facade.pages.render("account_passkeys.html", values, refusal=refusal)


def new_passkey_page(
    facade: Facade, browser: Browser, session_token: str, begun: BeginPasskeyResponse, proposed_name: str
) -> HTTPResponse:
    """Where the browser makes one; that needs the page's script."""
    values = {
        "options": begun.creation_options,
        "sealed_challenge": begun.sealed_challenge,
        "csrf_token": csrf_token(browser, "add passkey", session_token, begun.sealed_challenge),
        "add_url": facade.local_url(paths.ACCOUNT_PASSKEYS_ADD),
        "proposed_name": proposed_name,
        "passkeys_url": facade.local_url(paths.ACCOUNT_PASSKEYS),
    }
    return facade.pages.render("account_passkey_new.html", values, script=True)


def _passkey(passkey: Passkey) -> dict[str, object]:
    texts = current_texts()
    kind = "passkeys.may_be_synced" if passkey.backup_eligible else "passkeys.bound"
    used = passkey.HasField("last_used_at")
    return {
        "passkey_id": passkey.passkey_id,
        "name": shown(passkey.name, 64),
        "created_at": texts.moment(passkey.created_at),
        "last_used_at": texts.moment(passkey.last_used_at) if used else texts.text("passkeys.never"),
        "kind": texts.text("passkeys.synced" if passkey.backed_up else kind),
    }


def _problem(refusal: Refusal) -> str:
    if refusal.reason == "PASSKEY_FAILED":
        return current_texts().text("passkeys.not_added")
    if refusal.reason == "INVALID_ARGUMENT":
        return current_texts().text("passkeys.bad_name")
    return problem_with_password(refusal)
