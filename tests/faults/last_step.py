"""The step at which a process ends itself, as a crash would: named in a file, which is gone once that has happened."""

import os
import signal
from enum import StrEnum
from pathlib import Path

_VARIABLE = "TEST_LAST_STEP"


class Step(StrEnum):
    """Of a code's redemption or a refresh; the first four are the core's, the others the facade's."""

    BEFORE_BEGIN = "before the transaction begins"
    AFTER_UPDATE = "after the update, before the commit"
    AFTER_COMMIT = "after the commit, before the reply"
    AFTER_REPLY = "after the reply"
    BEFORE_ASKING = "before the core is asked"
    AFTER_ANSWER = "after the core's answer, before the reply"


class LastStep:
    """The test's side."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "last-step"
        #: What the process is started with.
        self.environment = {_VARIABLE: str(self._file)}

    @property
    def reached(self) -> bool:
        """The process has ended itself since `arm`."""
        return not self._file.exists()

    def arm(self, step: Step) -> None:
        """End it the next time that it comes to the step."""
        draft = self._file.with_suffix(".draft")
        draft.write_text(step)
        draft.rename(self._file)


def end_at(step: Step) -> None:
    """End this process if this is its last step."""
    file = Path(os.environ[_VARIABLE])
    try:
        if file.read_text() != step:
            return
        file.unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
