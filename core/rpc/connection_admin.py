"""ConnectionAdminService, for operators."""

from collections.abc import Iterable, Iterator

import grpc
from tokenhouse.v1 import connection_admin_pb2 as pb
from tokenhouse.v1 import connection_admin_pb2_grpc
from tokenhouse.v1.refusal_sentence_pb2 import RefusalSentence

from core.domain.administration.connections import ConnectionAdministration, ExaminedAttempt
from core.domain.connections.event import Event
from core.domain.connections.finding import Finding
from core.domain.connections.words import describe_happening
from core.domain.sayings import Said
from core.rpc.authorization import write_parameters
from core.rpc.errors import sentence_of

#: Of all attempts in one answer: gRPC's clients take messages of 4 MiB, and what strangers send may be long.
_MOST_BYTES = 3 * 1024 * 1024


class ConnectionAdminServicer(connection_admin_pb2_grpc.ConnectionAdminServiceServicer):
    """Proto → look at the attempts → proto."""

    def __init__(self, connections: ConnectionAdministration) -> None:
        self._connections = connections

    def ListConnectionAttempts(
        self, request: pb.ListConnectionAttemptsRequest, context: grpc.ServicerContext
    ) -> pb.ListConnectionAttemptsResponse:
        found = self._connections.examine(request.client_id, request.page_size)
        return pb.ListConnectionAttemptsResponse(
            attempts=_as_many_as_fit(map(_write_attempt, found.attempts)),
            metadata_reads=map(_write_event, found.other_reads),
            findings=map(_write_finding, found.findings),
            since=found.since,
        )


def _as_many_as_fit(attempts: Iterable[pb.ConnectionAttempt]) -> Iterator[pb.ConnectionAttempt]:
    room = _MOST_BYTES
    for attempt in attempts:
        room -= attempt.ByteSize()
        if room < 0:
            return
        yield attempt


def _write_attempt(examined: ExaminedAttempt) -> pb.ConnectionAttempt:
    attempt = examined.attempt
    return pb.ConnectionAttempt(
        attempt_id=attempt.attempt_id,
        client_id=attempt.client_id,
        client_name=examined.client_name,
        client_listed=examined.client_listed,
        username=attempt.username,
        began_at=attempt.began_ms // 1000,
        state=examined.state,
        events=map(_write_event, examined.events),
        findings=map(_write_finding, examined.findings),
    )


def _write_event(event: Event) -> pb.ConnectionEvent:
    happening = event.happening
    return pb.ConnectionEvent(
        at_ms=event.at_ms,
        step=happening.step,
        outcome=happening.outcome,
        refused=happening.refused,
        about=happening.about,
        network=happening.network,
        count=event.count,
        last_at_ms=event.last_at_ms,
        words=describe_happening(happening),
        why=_why(happening.about),
    )


def _write_finding(finding: Finding) -> pb.ConnectionFinding:
    return pb.ConnectionFinding(
        code=finding.fault,
        words=finding.words,
        setting=finding.setting,
        sentence=finding.sentence,
        values=write_parameters(finding.values),
        why=_why(dict(finding.values).get("why", "")),
    )


def _why(text: str) -> RefusalSentence | None:
    return sentence_of(text) if isinstance(text, Said) else None
