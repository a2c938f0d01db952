"""Users: the list, and one of them."""

from collections.abc import Callable

from sanic import HTTPResponse
from tokenhouse.v1.console_pb2 import LookResponse

from facade import paths
from facade.console_acts import DISABLE_USER, ENABLE_USER, REVOKE_USER_TOKENS, SIGN_OUT_USER
from facade.pages.console.frame import Frame
from facade.pages.console.rows import act_link, found, grant_row, user_row


def users_page_of(containing: str) -> Callable[[Frame, list[LookResponse]], HTTPResponse]:
    """A page of users; of those alone whose names hold `containing`, unless it is empty."""

    def show(frame: Frame, answers: list[LookResponse]) -> HTTPResponse:
        page = answers[0].list_users
        last = page.users[-1].username if page.has_more and page.users else ""
        rows = [user_row(frame, user) for user in page.users]
        values = {"users": rows, **found(frame, paths.CONSOLE_USERS, containing, last)}
        return frame.render("users.html", values, here=paths.CONSOLE_USERS)

    return show


def user_page(frame: Frame, answers: list[LookResponse]) -> HTTPResponse:
    """One user: what they connected, and what can be done."""
    user, grants = answers[0].get_user.user, answers[1].list_grants
    acts = [SIGN_OUT_USER, REVOKE_USER_TOKENS, ENABLE_USER if user.disabled else DISABLE_USER]
    values = {
        "user": user_row(frame, user),
        "subject": user.subject,
        "acts": [act_link(frame, act, user.username) for act in acts],
        "grants": [grant_row(frame, grant) for grant in grants.grants],
        "audit_url": frame.url(paths.CONSOLE_AUDIT, user=user.subject),
        "all_grants_url": frame.url(paths.CONSOLE_GRANTS, username=user.username, ended="1"),
    }
    return frame.render("user.html", values, here=paths.CONSOLE_USERS)
