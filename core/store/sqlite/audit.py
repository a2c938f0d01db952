"""The audit trail in SQLite. A record is one row, in the order of commits; there is no index, so that it costs little
to write, and a search reads as far back as it has to."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

from core.domain.audit.act import Act, ActorKind, Result
from core.domain.audit.origin import Actor
from core.domain.audit.record import AuditCount, AuditNames, AuditQuery, AuditRecord
from core.store.sqlite.driver import Row
from core.store.sqlite.statements import Statements, WritingStatements, split

_Word = TypeVar("_Word", bound=StrEnum)

_COLUMNS = (
    "at, act, result, reason, actor_kind, actor, actor_name, subject, client_id, target, network, correlation_id, count"
)
_RECORD = f"INSERT INTO audit_records ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_COUNT = """
    INSERT INTO audit_counts (hour, act, reason, count) VALUES (?, ?, ?, ?)
    ON CONFLICT (hour, act, reason) DO UPDATE SET count = audit_counts.count + excluded.count
"""
_COUNTS = "SELECT hour, act, reason, count FROM audit_counts WHERE hour >= ? AND hour < ? ORDER BY hour, act, reason"
# Rows stand in the order of time, but for those of a clock that was put right since. So the old ones are among the
# first, and no index is needed to find them.
_PURGE = """
    DELETE FROM audit_records WHERE number IN (
        SELECT number FROM (SELECT number, at FROM audit_records ORDER BY number LIMIT ?)
        WHERE at < ? AND number < (SELECT MAX(number) FROM audit_records) ORDER BY number LIMIT ?
    )
"""
#: How many more of the first rows are looked at than may be deleted.
_TIMES_LOOKED_AT = 10
_PURGE_COUNTS = """
    DELETE FROM audit_counts WHERE (hour, act, reason) IN
        (SELECT hour, act, reason FROM audit_counts WHERE hour < ? ORDER BY hour LIMIT ?)
"""


class AuditReads(Statements):
    """`core.domain.audit.record.AuditFacts`."""

    def list_audit_records(
        self, query: AuditQuery, *, limit: int, after: int | None, before: int | None
    ) -> Sequence[AuditRecord]:
        conditions = [*_conditions(query)]
        if after is not None:
            conditions.append(("number > ?", (after,)))
        elif before is not None:
            conditions.append(("number < ?", (before,)))
        where = " AND ".join(condition for condition, _ in conditions) or "1"
        order = "number DESC" if after is None else "number"
        sql = f"SELECT {_COLUMNS}, number FROM audit_records WHERE {where} ORDER BY {order} LIMIT ?"
        values = [value for _, some in conditions for value in some]
        return [_record(row) for row in self.rows(sql, (*values, limit))]

    def list_audit_names(self, subjects: Sequence[str], client_ids: Sequence[str]) -> AuditNames:
        users = self.rows(f"SELECT subject, username FROM users WHERE subject IN ({_marks(subjects)})", (*subjects,))
        clients = self.rows(
            "SELECT client_id, client_name, redirect_uris FROM clients "
            f"WHERE deleted_at IS NULL AND client_id IN ({_marks(client_ids)})",
            (*client_ids,),
        )
        named = {client_id: (name, next(iter(split(uris)), "")) for client_id, name, uris in clients}
        return AuditNames(dict(users), named)

    def list_audit_counts(self, *, since: int, until: int) -> Sequence[AuditCount]:
        rows = self.rows(_COUNTS, (since, until))
        return [AuditCount(hour, _word(Act, act), reason, count) for hour, act, reason, count in rows]


class AuditWrites(WritingStatements):
    """`core.domain.audit.record.AuditIntents`."""

    #: Records of the transaction in progress.
    acts: list[AuditRecord]

    def record_act(self, record: AuditRecord) -> None:
        actor = record.actor
        self.count(
            _RECORD,
            (
                record.at,
                record.act.value,
                record.result.value,
                record.reason,
                actor.kind.value,
                actor.name,
                actor.shown_name,
                record.subject,
                record.client_id,
                record.target,
                record.network,
                record.correlation_id,
                record.count,
            ),
        )
        self.acts.append(record)

    def add_audit_count(self, hour: int, act: Act, reason: str, count: int) -> None:
        self.count(_COUNT, (hour, act.value, reason, count))

    def purge_audit(self, *, before: int, limit: int) -> int:
        return self.count(_PURGE, (_TIMES_LOOKED_AT * limit, before, limit)) + self.count(
            _PURGE_COUNTS, (before, limit)
        )


def _conditions(query: AuditQuery) -> list[tuple[str, tuple[object, ...]]]:
    found: list[tuple[str, tuple[object, ...]]] = []
    for column, values in (("act", query.acts), ("result", query.results)):
        if values:
            found.append((f"{column} IN ({_marks(values)})", tuple(value.value for value in values)))
    if query.users:
        columns = ("actor", "actor_name", "subject", "target")
        any_of = " OR ".join(f"{column} IN ({_marks(query.users)})" for column in columns)
        found.append((f"({any_of})", query.users * len(columns)))
    for column, value in (
        ("client_id", query.client_id),
        ("network", query.network),
        ("correlation_id", query.correlation_id),
        ("target", query.target),
    ):
        if value:
            found.append((f"{column} = ?", (value,)))
    if query.since is not None:
        found.append(("at >= ?", (query.since,)))
    if query.until is not None:
        found.append(("at < ?", (query.until,)))
    return found


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" for _ in values)


def _record(row: Row) -> AuditRecord:
    (
        at,
        act,
        result,
        reason,
        kind,
        actor,
        actor_name,
        subject,
        client_id,
        target,
        network,
        correlation,
        count,
        number,
    ) = row
    return AuditRecord(
        at=at,
        act=_word(Act, act),
        result=_word(Result, result),
        reason=reason,
        actor=Actor(_word(ActorKind, kind), actor, actor_name),
        subject=subject,
        client_id=client_id,
        target=target,
        network=network,
        correlation_id=correlation,
        count=count,
        number=number,
    )


def _word(words: type[_Word], text: str) -> _Word:
    """A newer program may have written words that are not known here."""
    try:
        return words(text)
    except ValueError:
        return words("unknown")
