"""What an operator sees of attempts to connect, in the words of a test."""

from tokenhouse.v1 import connection_admin_pb2 as pb

from tests.serving import DEADLINE, Serving


def look(serving: Serving, client_id: str = "", page_size: int = 0) -> pb.ListConnectionAttemptsResponse:
    """ListConnectionAttempts."""
    request = pb.ListConnectionAttemptsRequest(client_id=client_id, page_size=page_size)
    return serving.connections.ListConnectionAttempts(request, timeout=DEADLINE)


def last_attempt(serving: Serving, client_id: str = "") -> pb.ConnectionAttempt:
    """The attempt that began last."""
    return look(serving, client_id).attempts[0]


def steps_of(attempt: pb.ConnectionAttempt) -> list[tuple[str, str]]:
    """Steps and outcomes, in order."""
    return [(event.step, event.outcome) for event in attempt.events]


def findings_of(attempt: pb.ConnectionAttempt) -> dict[str, str]:
    """The settings that would help, by fault."""
    return {finding.code: finding.setting for finding in attempt.findings}
