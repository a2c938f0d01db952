"""The audit trail: what was decided, by whom, and what came of it."""

import re
from collections.abc import Callable, Mapping

from sanic import HTTPResponse
from tokenhouse.v1 import audit_admin_pb2 as pb
from tokenhouse.v1.console_pb2 import LookResponse

from facade import paths
from facade.pages.breaking import breakable
from facade.pages.console.frame import Frame
from facade.pages.console.rows import Row
from facade.pages.console.wording import ID, NAME, in_words, moment
from facade.pages.untrusted import shown
from facade.texts.languages import current_texts

#: Whose reason is no word of ours.
_OF_GROUPS = (pb.AUDIT_ACT_USER_CREATE, pb.AUDIT_ACT_GROUPS_SET)
#: As core/domain/administration has them in a record's target: limits.py, and restoring.py with the time of the backup
#: and how many grants have ended, where either is known.
_ALL_LIMITS = "all"
_RESTORED = re.compile(r"(?:as of (\S+), )?grants (?:kept|ended: ([0-9]{1,9})), (.+)", re.DOTALL)
#: By what the page may be narrowed down, as ListAuditRecordsRequest names it.
FILTERS = ("user", "client_id", "network", "correlation_id")


def audit_page_of(about: Mapping[str, str]) -> Callable[[Frame, list[LookResponse]], HTTPResponse]:
    """The page for the records that were asked for."""

    def audit_page(frame: Frame, answers: list[LookResponse]) -> HTTPResponse:
        page = answers[0].list_audit_records
        last = page.records[-1].number if page.has_more and page.records else 0
        values = {
            "about": [(in_words("filter", name), shown(value, ID)) for name, value in about.items() if value],
            "records": [audit_row(frame, record) for record in page.records],
            "all_url": frame.url(paths.CONSOLE_AUDIT),
            "next_url": frame.url(paths.CONSOLE_AUDIT, **about, before=str(last)) if last else None,
        }
        return frame.render("audit.html", values, here=paths.CONSOLE_AUDIT)

    return audit_page


def audit_row(frame: Frame, record: pb.AuditRecord) -> Row:
    """A record."""
    kind = _word(pb.AuditActorKind.Name, "AUDIT_ACTOR_KIND_", record.actor_kind)
    return {
        "at": moment(record.at),
        "actor": shown(record.actor_name or record.actor, NAME) or in_words("actor", kind),
        "act": in_words("audit_act", _word(pb.AuditAct.Name, "AUDIT_ACT_", record.act)),
        "result": in_words("audit_result", _word(pb.AuditResult.Name, "AUDIT_RESULT_", record.result)),
        "reason": _why(record),
        "about": [shown(text, ID) for text in _about(record)],
        "network": shown(record.network, NAME),
        "network_url": frame.url(paths.CONSOLE_AUDIT, network=record.network),
        "correlation_id": shown(record.correlation_id, NAME),
        "correlation_url": frame.url(paths.CONSOLE_AUDIT, correlation_id=record.correlation_id),
        "count": record.count,
    }


def _about(record: pb.AuditRecord) -> list[str]:
    """What it concerns: names first, where whom it concerns is still there, and then ids."""
    client = " · ".join(each for each in (record.client_name, record.client_host) if each)
    # Whoever acts is named already, and so is a user who is the target.
    own = record.subject in (record.actor, record.actor_name) or record.subject_name == record.target
    user = () if own else (record.subject_name, record.subject)
    return [text for text in (client, record.client_id, *user, *_target(record)) if text]


def _target(record: pb.AuditRecord) -> list[str]:
    """What `core.domain.audit.act` says of it, but for what is an English word there."""
    texts = current_texts()
    if record.act == pb.AUDIT_ACT_LIMIT_CLEAR and record.target == _ALL_LIMITS:
        return [texts.text("console.all_limits")]
    if record.act == pb.AUDIT_ACT_RESTORE and (restored := _RESTORED.fullmatch(record.target)):
        time, ended, file = restored.groups("")
        return [time, texts.text("console.ended_grants", count=int(ended)) if ended else "", file]
    return [record.target]


def _why(record: pb.AuditRecord) -> str:
    """A word of ours; where groups were set, their names as they are."""
    if record.act in _OF_GROUPS and record.result == pb.AUDIT_RESULT_SUCCEEDED:
        return breakable(shown(record.reason, ID))
    if not record.reason:
        return ""
    # What a refusal is called may be the name of an outcome, too: of a login that is not found, say.
    families = ("refusal", "outcome") if record.result == pb.AUDIT_RESULT_REFUSED else ("outcome", "refusal")
    return in_words(families[0], record.reason, or_of=families[1])


def _word(name_of: Callable[..., str], prefix: str, number: int) -> str:
    """The name of a value of an enum, without what all of them begin with."""
    try:
        return name_of(number).removeprefix(prefix).lower()
    except ValueError:
        # A newer core has more of them.
        return "unspecified"
