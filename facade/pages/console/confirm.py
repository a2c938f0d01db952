"""The page that asks once more, and the page after it."""

from collections.abc import Callable

from sanic import HTTPResponse
from tokenhouse.v1.console_pb2 import ActResponse, LookResponse

from facade import paths
from facade.console_acts import CLIENT, GRANT, KEY, LIMIT, USER, Act, Subject
from facade.csrf import csrf_token
from facade.errors import Refusal
from facade.facade import Facade
from facade.pages.console.frame import Frame
from facade.pages.console.rows import Row, client_row, grant_row, key_row, user_row
from facade.pages.console.wording import act_words
from facade.texts.languages import current_texts

#: The name that forms of acts are bound to, with what they carry.
FORM = "console act"
CARRIED = ("act", "target")

#: What an act's answer counts, and what that is called.
_COUNTED = {"revoked_grants": "console.ended_grants", "ended_sessions": "console.ended_sessions"}


def _key_row(frame: Frame, answer: LookResponse, target: str) -> Row:
    found = [key for key in answer.list_keys.keys if key.key_id == target]
    if not found:
        raise Refusal("NOT_FOUND", "There is no such key.")
    return key_row(frame, found[0])


_ROWS: dict[Subject, Callable[[Frame, LookResponse, str], Row]] = {
    CLIENT: lambda frame, answer, _: client_row(frame, answer.get_client.client),
    USER: lambda frame, answer, _: user_row(frame, answer.get_user.user),
    GRANT: lambda frame, answer, _: grant_row(frame, answer.get_grant.grant),
    KEY: _key_row,
}
_KINDS = {CLIENT: "client", USER: "user", GRANT: "grant", KEY: "key", LIMIT: "limit"}


def confirm_page_of(act: Act, target: str) -> Callable[[Frame, list[LookResponse]], HTTPResponse]:
    """The page for one act on one thing."""

    def confirm_page(frame: Frame, answers: list[LookResponse]) -> HTTPResponse:
        about_one = act.fixed is None and act.subject in _ROWS
        values = {
            "verb": act_words(act.name, "verb"),
            "consequence": act_words(act.name, "consequence"),
            "ends": act.ends_something,
            "act": act.name,
            "kind": _KINDS[act.subject],
            "target": target,
            "row": _ROWS[act.subject](frame, answers[0], target) if about_one else None,
            "is_operator": act.subject is USER and answers[0].get_user.user.username == answers[0].operator,
            "act_url": frame.url(paths.CONSOLE_ACT),
            "csrf_token": csrf_token(frame.browser, FORM, frame.session_token, act.name, target),
            "back_url": frame.url(act.subject.path, **{act.subject.field: target})
            if act.subject.is_shown_alone
            else frame.url(act.subject.path),
        }
        return frame.render("confirm.html", values, here=act.subject.list_path)

    return confirm_page


def done_page(facade: Facade, act: Act, answer: ActResponse) -> HTTPResponse:
    """What was done, and how much ended."""
    texts = current_texts()
    result = getattr(answer, answer.WhichOneof("result") or act.rpc or act.name)
    values = {
        "done": act_words(act.name, "done"),
        "ended": [
            texts.text(_COUNTED[field.name], count=getattr(result, field.name))
            for field in result.DESCRIPTOR.fields
            if field.name in _COUNTED
        ],
        "console_url": facade.local_url(paths.CONSOLE),
        "list_url": facade.local_url(act.subject.list_path),
    }
    return facade.pages.render("console/done.html", values)
