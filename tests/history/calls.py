"""A history: every call of every client, with the times between which it happened and what came of it."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from threading import Condition


class Kind(StrEnum):
    """What was asked."""

    CONSENT = "consent"
    REDEEM = "redeem"
    REFRESH = "refresh"
    REVOKE = "revoke"
    DISABLE = "disable"
    VALIDATE = "validate"
    RESTART = "restart"


class Outcome(StrEnum):
    """What came of it."""

    #: Acknowledged; of a validation, that the token is good.
    YES = "yes"
    #: Refused, for good.
    NO = "no"
    #: No answer, or "later": it may have happened, and may happen yet.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Call:
    """One call. Times are nanoseconds of one monotonic clock: A was before B if it ended before B started."""

    kind: Kind
    outcome: Outcome
    start: int
    end: int
    user: str = ""
    #: The grant's id.
    grant: str = ""
    #: The code or token that was sent, and of a refresh token which generation it is.
    presented: str = ""
    generation: int = 0
    #: The refresh token that came back.
    received: str = ""


def name_of(secret: str) -> str:
    """What stands for a code or a token in a history."""
    return hashlib.sha256(secret.encode()).hexdigest()[:16]


#: What is on disk when it is acknowledged.
_WRITES = frozenset({Kind.REDEEM, Kind.REFRESH, Kind.REVOKE})
#: In seconds.
_PATIENCE = 5


class History:
    """Writes a file, a line of JSON for each call."""

    def __init__(self, file: Path) -> None:
        self._file = file.open("x", encoding="ascii")
        self._door = Condition()
        self._count = 0

    def add(self, call: Call) -> None:
        """Write it down."""
        line = json.dumps({name: value for name, value in asdict(call).items() if value})
        with self._door:
            self._file.write(f"{line}\n")
            self._count += 1
            if call.outcome is Outcome.YES and call.kind in _WRITES:
                self._door.notify_all()

    def wait_for_acknowledgement(self, *, after: int) -> bool:
        """Until somebody is told that something was written, `after` so many calls; False where that takes too long."""
        with self._door:
            acknowledged = True
            while acknowledged and self._count < after:
                acknowledged = self._door.wait(_PATIENCE)
            return acknowledged and self._door.wait(_PATIENCE)

    def close(self) -> None:
        """Write no more."""
        self._file.close()


def read_history(file: Path) -> Sequence[Call]:
    """The calls, in the order in which they ended."""
    calls = map(json.loads, file.read_text(encoding="ascii").splitlines())
    return [Call(Kind(call.pop("kind")), Outcome(call.pop("outcome")), **call) for call in calls]
