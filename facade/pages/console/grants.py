"""Grants: the list, and one of them from its beginning to its end."""

from collections.abc import Callable

from sanic import HTTPResponse
from tokenhouse.v1.console_pb2 import LookResponse
from tokenhouse.v1.grant_admin_pb2 import ListGrantsRequest

from facade import paths
from facade.console_acts import REVOKE_GRANT
from facade.pages.console.audit import audit_row
from facade.pages.console.frame import Frame
from facade.pages.console.rows import act_link, grant_row
from facade.pages.console.wording import ID, in_words, moment
from facade.pages.untrusted import shown


def grants_page_of(question: ListGrantsRequest) -> Callable[[Frame, list[LookResponse]], HTTPResponse]:
    """The page for the grants that were asked for."""

    def grants_page(frame: Frame, answers: list[LookResponse]) -> HTTPResponse:
        page = answers[0].list_grants
        about = {"username": question.username, "client_id": question.client_id}
        ended = "1" if question.include_ended else ""
        values = {
            "username": shown(question.username, 80),
            "client_id": shown(question.client_id, ID),
            "ended": question.include_ended,
            "grants": [grant_row(frame, grant) for grant in page.grants],
            "other_url": frame.url(paths.CONSOLE_GRANTS, **about, ended="" if ended else "1"),
            "next_url": frame.url(paths.CONSOLE_GRANTS, **about, ended=ended, page=page.next_page_token)
            if page.next_page_token
            else None,
        }
        return frame.render("grants.html", values, here=paths.CONSOLE_GRANTS)

    return grants_page


def grant_page(frame: Frame, answers: list[LookResponse]) -> HTTPResponse:
    """One grant."""
    grant = answers[0].get_grant.grant
    values = {
        "grant": grant_row(frame, grant),
        "uses": [(shown(use.service, ID), moment(use.last_used_at)) for use in grant.uses],
        "verdicts": [(in_words("outcome", each.verdict), each.count, moment(each.last_at)) for each in grant.verdicts],
        "records": [audit_row(frame, record) for record in answers[1].list_audit_records.records],
        "acts": [act_link(frame, REVOKE_GRANT, grant.grant_id)],
    }
    return frame.render("grant.html", values, here=paths.CONSOLE_GRANTS)
