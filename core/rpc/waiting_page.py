"""What a login was shown for, carried from its first step to its second."""

import json

from tokenhouse.v1.session_pb2 import LogInRequest

from core.domain.sessions.second_factor_login import PendingLogin
from core.domain.upstream.login import BackTo
from core.rpc.sign_in_pages import SignInPages

#: What a login form was shown for: one of these is in it.
_SEALED = ("sealed_request", "sealed_device_page", "sealed_account_page", "sealed_console")


def write_waiting_page(form: LogInRequest) -> str:
    """The form's sealed value, to be sealed once more with whose password was right."""
    return json.dumps([(name, getattr(form, name)) for name in _SEALED if getattr(form, name)])


def open_waiting_page(
    pages: SignInPages, pending: PendingLogin, browser_binding: bytes
) -> tuple[BackTo, tuple[tuple[str, str], ...]]:
    """Where the login leads back to, and with what.

    Raises:
        OAuthError: it has expired, or is good no longer.
    """
    form = LogInRequest(browser_binding=browser_binding)
    for name, sealed in json.loads(pending.page):
        setattr(form, name, sealed)
    return pages.open(form)
