"""What all clients of a history know together: the codes and tokens that were given out, for anybody to use."""

from collections import deque
from dataclasses import dataclass
from random import Random
from threading import Lock

from tests.faults.road import Held

_CODES = 6
_GRANTS = 24


@dataclass(frozen=True, slots=True)
class Code:
    """A code that was given out."""

    user: str
    client_id: str
    code: str
    grant: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """What was given for a code or a refresh token."""

    user: str
    grant: str
    held: Held


class Board:
    """Keeps the newest few of what is alive, so that clients meet, and all that there ever was for the end."""

    def __init__(self) -> None:
        self._codes: deque[Code] = deque(maxlen=_CODES)
        self._all_codes: list[Code] = []
        self._grants: dict[str, Tokens] = {}
        self._all: list[Tokens] = []
        self._door = Lock()

    def put_code(self, code: Code) -> None:
        """A new one."""
        with self._door:
            self._codes.append(code)
            self._all_codes.append(code)

    def take_code(self, random: Random) -> Code | None:
        """One of the newest; it stays there for somebody else now and then."""
        with self._door:
            if not self._codes:
                return None
            place = random.randrange(len(self._codes))
            code = self._codes[place]
            if random.random() < 0.85:
                del self._codes[place]
            return code

    def put_tokens(self, tokens: Tokens) -> None:
        """The newest of their grant, unless another client was faster."""
        with self._door:
            self._all.append(tokens)
            known = self._grants.pop(tokens.grant, tokens)
            newest = tokens if tokens.held.generation >= known.held.generation else known
            self._grants[tokens.grant] = newest
            if len(self._grants) > _GRANTS:
                del self._grants[next(iter(self._grants))]

    def choose_live(self, random: Random) -> Tokens | None:
        """The newest of some grant."""
        with self._door:
            return random.choice(list(self._grants.values())) if self._grants else None

    def choose_any(self, random: Random) -> Tokens | None:
        """Any that were ever given out."""
        with self._door:
            return random.choice(self._all) if self._all else None

    def drop(self, grant: str) -> None:
        """Somebody has ended it."""
        with self._door:
            self._grants.pop(grant, None)

    def everything(self) -> tuple[list[Code], list[Tokens]]:
        """All codes there ever were, and all tokens, the newest first."""
        return list(self._all_codes), self._all[::-1]
