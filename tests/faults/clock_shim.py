"""The preloaded wall clock: told through a mapped file by how much it is off, while the process runs."""

import mmap
import os
from pathlib import Path

from tests.faults.disk_shim import build_shim

SOURCE = Path(__file__).parent / "shim" / "clock_shim.c"
HOUR = 60 * 60
YEAR = 365 * 24 * HOUR
_WORD = 8


def build_clock_shim(folder: Path) -> Path:
    """Compile the shim into `folder`; the path of the library."""
    return build_shim(folder, SOURCE)


class ClockShim:
    """The wall clock of every process that is started with `environment`."""

    def __init__(self, library: Path, folder: Path) -> None:
        """`folder` gets the control file."""
        self._library = library
        self._control_file = folder / "clock.control"
        self._control_file.write_bytes(bytes(_WORD))
        descriptor = os.open(self._control_file, os.O_RDWR)
        try:
            self._control = mmap.mmap(descriptor, _WORD)
        finally:
            os.close(descriptor)
        self._words = memoryview(self._control).cast("q")

    @property
    def environment(self) -> dict[str, str]:
        """What the process is started with."""
        return {"LD_PRELOAD": str(self._library), "CLOCK_SHIM_CONTROL": str(self._control_file)}

    def jump(self, seconds: int) -> None:
        """From now on the wall clock is off by this much, in all."""
        self._words[0] = seconds

    def close(self) -> None:
        """Let go of the control file."""
        self._words.release()
        self._control.close()
