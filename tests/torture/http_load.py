"""Open-loop HTTP load from a program in C (`load/http_load.c`): so many requests a second, whatever becomes of them."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.bench.machine import LOAD_CPU

_SOURCE = Path(__file__).parent / "load" / "http_load.c"
#: What a run may take beyond its time, in seconds.
_PATIENCE = 60


@dataclass(frozen=True)
class Figures:
    """What became of one kind's requests; times in seconds."""

    seconds: float
    sent: int
    late: int
    served: int
    shed: int
    #: Turned away without Retry-After, or not in the words of RFC 6749 §5.2.
    malformed: int
    #: Answered in any other way, or not at all.
    other: int
    served_p50: float
    served_p99: float
    shed_p50: float
    shed_p99: float
    #: One of those that are malformed or other.
    odd: str

    @property
    def rate(self) -> float:
        """Served a second."""
        return self.served / self.seconds

    @property
    def offered(self) -> float:
        """Due a second, also those for which no connection was free."""
        return (self.sent + self.late) / self.seconds

    def __str__(self) -> str:
        text = f"offered {self.offered:.0f}/s, sent {self.sent / self.seconds:.0f}/s, served {self.rate:.0f}/s"
        text += _in_milliseconds(self.served_p50, self.served_p99)
        if self.shed:
            text += f", shed {self.shed / self.seconds:.0f}/s" + _in_milliseconds(self.shed_p50, self.shed_p99)
        return text


def _in_milliseconds(p50: float, p99: float) -> str:
    return f" (p50 {p50 * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms)"


@dataclass(frozen=True)
class Crowd:
    """Connections of one kind, and the requests a second that they send together; 0: each waits for its answer only."""

    connections: int
    rate: float = 0


NOBODY = Crowd(0)


class HttpLoad:
    """Machines with a refresh token each, at one facade."""

    def __init__(self, folder: Path, port: int, client_id: str, tokens: list[str]) -> None:
        self._program, self._tokens = folder / "http_load", folder / "tokens"
        subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", self._program, _SOURCE], check=True)
        self._port = port
        self._client_id = client_id
        self._left = tokens

    def run(self, seconds: float, refreshing: Crowd, registering: Crowd = NOBODY) -> dict[str, Figures]:
        """What became of "refresh" and "registration", as far as there is either.

        Raises:
            CalledProcessError: the program said why.
        """
        return self.start(seconds, refreshing, registering).finish()

    def start(self, seconds: float, refreshing: Crowd, registering: Crowd = NOBODY) -> "Running":
        """The same, while something else goes on."""
        self._tokens.write_text("".join(f"{token}\n" for token in self._left))
        crowds = [str(number) for crowd in (refreshing, registering) for number in (crowd.connections, crowd.rate)]
        command = [str(self._program), str(self._port), str(seconds), *crowds, self._client_id, str(self._tokens)]
        process = subprocess.Popen(
            ["taskset", "--cpu-list", str(LOAD_CPU), *command], stdout=subprocess.PIPE, text=True
        )
        return Running(self, process, seconds, refreshing.connections)

    def keep(self, count: int) -> None:
        """The first tokens have been replaced by their successors."""
        self._left[:count] = self._tokens.read_text().split()[:count]


@dataclass(frozen=True)
class Running:
    """A run that has begun."""

    load: HttpLoad
    process: "subprocess.Popen[str]"
    seconds: float
    refreshing: int

    def finish(self) -> dict[str, Figures]:
        """Waits for its end."""
        printed, _ = self.process.communicate(timeout=self.seconds + _PATIENCE)
        if self.process.returncode:
            raise subprocess.CalledProcessError(self.process.returncode, self.process.args, printed)
        self.load.keep(self.refreshing)
        told = [json.loads(line) for line in printed.splitlines()]
        return {each.pop("kind"): Figures(**each) for each in told}
