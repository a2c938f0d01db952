"""Tries that are used up: of accounts, networks and clients."""

from collections.abc import Callable

from sanic import HTTPResponse
from tokenhouse.v1 import limit_admin_pb2 as pb
from tokenhouse.v1.console_pb2 import LookResponse

from facade import paths
from facade.console_acts import CLEAR_LIMITS
from facade.csrf import csrf_token
from facade.pages.console.confirm import FORM
from facade.pages.console.frame import Frame
from facade.pages.console.rows import Row
from facade.pages.console.wording import NAME, act_words, in_words, moment
from facade.pages.untrusted import shown
from facade.texts.languages import current_texts


def limits_page_of(question: pb.ListLimitsRequest) -> Callable[[Frame, list[LookResponse]], HTTPResponse]:
    """The page for the counts that were asked for."""

    def limits_page(frame: Frame, answers: list[LookResponse]) -> HTTPResponse:
        page = answers[0].list_limits
        used_up = "1" if question.used_up else ""
        last = page.limits[-1].limit_id if page.has_more and page.limits else ""
        values = {
            "limits": [_row(frame, limit) for limit in page.limits],
            "used_up": question.used_up,
            "other_url": frame.url(paths.CONSOLE_LIMITS, used_up="" if used_up else "1"),
            "next_url": frame.url(paths.CONSOLE_LIMITS, used_up=used_up, after=last) if last else None,
            "act": CLEAR_LIMITS.name,
            "act_url": frame.url(paths.CONSOLE_ACT),
            "verb": act_words(CLEAR_LIMITS.name, "verb"),
        }
        return frame.render("limits.html", values, here=paths.CONSOLE_LIMITS)

    return limits_page


def _row(frame: Frame, limit: pb.Limit) -> Row:
    texts = current_texts()
    return {
        "limit_id": limit.limit_id,
        "kind": in_words("limit", limit.kind.replace(" ", "_")),
        "account": shown(limit.account, NAME),
        "network": shown(limit.network, NAME),
        "left": f"{texts.number(limit.left)}\u00a0/\u00a0{texts.number(limit.count)}",
        "next": moment(limit.next_at) if limit.HasField("next_at") else None,
        "full": moment(limit.full_at),
        "setting": shown(limit.setting, NAME),
        "csrf_token": csrf_token(frame.browser, FORM, frame.session_token, CLEAR_LIMITS.name, limit.limit_id),
    }
