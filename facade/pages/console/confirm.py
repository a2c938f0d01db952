"""The page that asks once more, and the page after it."""

from collections.abc import Callable

from sanic import HTTPResponse
from tokenhouse.v1.console_pb2 import ActResponse, LookResponse

from facade import paths
from facade.console_acts import CLIENT, GRANT, USER, Act, Subject
from facade.csrf import csrf_token
from facade.facade import Facade
from facade.pages.console.frame import Frame
from facade.pages.console.rows import Row, client_row, grant_row, user_row
from facade.pages.console.wording import ID, count
from facade.pages.untrusted import shown

#: The name that forms of acts are bound to, with what they carry.
FORM = "console act"
CARRIED = ("act", "target")

_Describe = Callable[[Frame, LookResponse], Row]
_ROWS: dict[Subject, _Describe] = {
    CLIENT: lambda frame, answer: client_row(frame, answer.get_client.client),
    USER: lambda frame, answer: user_row(frame, answer.get_user.user),
    GRANT: lambda frame, answer: grant_row(frame, answer.get_grant.grant),
}
#: What an act's answer counts, and what one of it is called.
_COUNTED = {"revoked_grants": "grant", "ended_sessions": "session"}


def confirm_page_of(act: Act, target: str) -> Callable[[Frame, list[LookResponse]], HTTPResponse]:
    """The page for one act on one thing."""

    def confirm_page(frame: Frame, answers: list[LookResponse]) -> HTTPResponse:
        values = {
            "act": act,
            "kind": act.subject.question.removeprefix("get_"),
            "target": target,
            "shown_target": shown(target, ID),
            "row": _ROWS[act.subject](frame, answers[0]),
            "is_operator": act.subject is USER and answers[0].get_user.user.username == answers[0].operator,
            "csrf_token": csrf_token(frame.browser, FORM, frame.session_token, act.name, target),
            "back_url": frame.url(act.subject.path, **{act.subject.field: target}),
        }
        return frame.render("confirm.html", values)

    return confirm_page


def done_page(facade: Facade, act: Act, target: str, answer: ActResponse) -> HTTPResponse:
    """What was done, and how much ended."""
    result = getattr(answer, answer.WhichOneof("result") or act.name)
    ended = [
        count(getattr(result, field.name), _COUNTED[field.name])
        for field in result.DESCRIPTOR.fields
        if field.name in _COUNTED
    ]
    values = {
        "done": act.done,
        "ended": ended,
        "target": shown(target, ID),
        "console_url": facade.local_url(paths.CONSOLE),
        "list_url": facade.local_url(f"{act.subject.path}s"),
    }
    return facade.pages.render("console/done.html", values)
