"""Ways in which a core does not answer while its facade goes on."""

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.facade.pair import Pair

#: What a slow core takes for each call, in seconds: longer than any request is waited for.
SLOWNESS = 9.0
_WORD = 8


@dataclass(frozen=True)
class Absence:
    """A core that works, until it is told otherwise."""

    folder: Path
    #: What Python runs, and its environment.
    module = "core"

    @property
    def environment(self) -> Mapping[str, str]:
        """What the core is started with beside the test's own."""
        return {}

    def begin(self, pair: Pair) -> None:
        """From now on the core does not answer."""
        raise NotImplementedError

    def end(self, pair: Pair) -> None:
        """From now on it does."""
        raise NotImplementedError


class Down(Absence):
    """Killed, and started again."""

    def begin(self, pair: Pair) -> None:
        pair.kill_core()

    def end(self, pair: Pair) -> None:
        pair.start_core()


class Frozen(Absence):
    """Stopped where it stands, with its sockets open, and let go on."""

    def begin(self, pair: Pair) -> None:
        pair.core.send_signal(signal.SIGSTOP)

    def end(self, pair: Pair) -> None:
        pair.core.send_signal(signal.SIGCONT)


class Slow(Absence):
    """Each call takes SLOWNESS longer, those under way to their end."""

    module = "tests.faults.slow_core"

    @property
    def _control(self) -> Path:
        return self.folder / "slow.control"

    @property
    def environment(self) -> Mapping[str, str]:
        self._control.write_bytes(bytes(_WORD))
        return {"SLOW_CORE_CONTROL": str(self._control)}

    def begin(self, pair: Pair) -> None:
        self._delay(SLOWNESS)

    def end(self, pair: Pair) -> None:
        self._delay(0.0)

    def _delay(self, seconds: float) -> None:
        descriptor = os.open(self._control, os.O_WRONLY)
        os.pwrite(descriptor, round(seconds * 1_000_000).to_bytes(_WORD, "little"), 0)
        os.close(descriptor)


ABSENCES: dict[str, type[Absence]] = {"down": Down, "frozen": Frozen, "slow": Slow}
