"""The connection doctor: what clients went through when they tried to connect, and what is the matter."""

from collections.abc import Iterable
from typing import Any

from markupsafe import Markup
from sanic import HTTPResponse
from tokenhouse.v1 import connection_admin_pb2 as pb
from tokenhouse.v1.console_pb2 import LookResponse

from facade import paths
from facade.pages.breaking import breakable
from facade.pages.console.frame import Frame
from facade.pages.console.rows import Row
from facade.pages.console.wording import ID, NAME, in_words, moment
from facade.pages.details import sentence_words
from facade.pages.rendering import set_apart
from facade.pages.untrusted import shown
from facade.texts.languages import current_texts

_WORDS = 1000


def connections_page(frame: Frame, answers: list[LookResponse]) -> HTTPResponse:
    """Every attempt that is remembered, the last one first, step by step."""
    seen = answers[0].list_connection_attempts
    values = {
        "since": moment(seen.since),
        "findings": _findings(seen.findings),
        "attempts": [_attempt(frame, attempt) for attempt in seen.attempts],
        "reads": [_event(event) for event in seen.metadata_reads],
    }
    return frame.render("connections.html", values, here=paths.CONSOLE_CONNECTIONS)


def _attempt(frame: Frame, attempt: pb.ConnectionAttempt) -> Row:
    return {
        "name": shown(attempt.client_name, NAME) or shown(attempt.client_id, NAME),
        "url": frame.url(paths.CONSOLE_CLIENT, client_id=attempt.client_id) if attempt.client_listed else None,
        "username": shown(attempt.username, NAME),
        "began": moment(attempt.began_at),
        "state": in_words("attempt", attempt.state),
        "refused": attempt.state == "refused",
        "findings": _findings(attempt.findings),
        "events": [_event(event) for event in attempt.events],
    }


def _event(event: pb.ConnectionEvent) -> Row:
    return {
        "at": moment(event.at_ms // 1000),
        "words": happening_words(event),
        "network": shown(event.network, NAME),
        "count": event.count,
        "refused": event.refused,
    }


def happening_words(event: pb.ConnectionEvent) -> Markup:
    """In the reader's language; what a newer core sees is told in its own words."""
    texts = current_texts()
    words = texts.find(f"console.seen.{event.step}_{event.outcome}") or texts.find(f"console.refused.{event.outcome}")
    if words is None:
        return set_apart(shown(event.words, _WORDS))
    about = _why(event) or breakable(shown(event.about, _WORDS))
    return Markup("{}: {}").format(words, about) if event.about else words


def _findings(findings: Iterable[pb.ConnectionFinding]) -> list[Row]:
    return [
        {
            "title": current_texts().find(f"console.fault.{each.code}"),
            "code": shown(each.code, NAME),
            "words": finding_words(each),
            "setting": shown(each.setting, ID),
        }
        for each in findings
    ]


def finding_words(finding: pb.ConnectionFinding) -> Markup:
    """In the reader's language, too."""
    values: dict[str, Any] = {each.name: breakable(shown(each.value, _WORDS)) for each in finding.values}
    if why := _why(finding):
        values["why"] = why
    try:
        return current_texts().text(f"console.finding.{finding.sentence}", **values)
    except KeyError:
        return set_apart(shown(finding.words, _WORDS))


def _why(told: pb.ConnectionEvent | pb.ConnectionFinding) -> Markup | None:
    return sentence_words(told.why.sentence, told.why.values) if told.HasField("why") else None
