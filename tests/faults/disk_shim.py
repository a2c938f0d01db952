"""The preloaded disk: built with the C compiler, told what to do through a mapped file while the process runs."""

import errno
import mmap
import os
import subprocess
from enum import IntEnum
from pathlib import Path

SOURCE = Path(__file__).parent / "shim" / "disk_shim.c"
_WORD = 8
_NO_LIMIT = -1
_ALL = 2**62


class ChangeKind(IntEnum):
    """What the shim sees of a file; the numbers are `enum kind` of the source."""

    OPENED = 1
    WRITTEN = 2
    TRUNCATED = 3
    ALLOCATED = 4
    SYNCED = 5
    RENAMED = 6
    UNLINKED = 7


#: What a full or failing disk refuses; names can still be taken away.
GROWING = (ChangeKind.OPENED, ChangeKind.WRITTEN, ChangeKind.ALLOCATED)


class _Word(IntEnum):
    """The places of `struct control`."""

    SEQUENCE = 0
    COUNTED = 1
    FAILED = 2
    FAIL_KINDS = 3
    FAIL_FROM = 4
    FAIL_TO = 5
    FAIL_ERRNO = 6
    FSYNC_DELAY = 7
    ROOM = 8


def build_shim(folder: Path, source: Path = SOURCE) -> Path:
    """Compile a shim into `folder`; the path of the library."""
    library = folder / f"{source.stem}.so"
    command = ["cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O2", "-fPIC", "-shared", "-U_FORTIFY_SOURCE"]
    subprocess.run([*command, "-o", str(library), str(source), "-ldl", "-lpthread"], check=True)
    return library


class DiskShim:
    """One disk: the files of `watched`, in every process that is started with `environment`."""

    def __init__(self, library: Path, watched: Path, folder: Path, *, recording: bool = False) -> None:
        """`folder` gets the control file and, where it is `recording`, the log."""
        self.log = folder / "disk.log"
        self._library = library
        self._watched = watched.resolve()
        self._recording = recording
        self._control_file = folder / "disk.control"
        self._control_file.write_bytes(bytes(_WORD * len(_Word)))
        descriptor = os.open(self._control_file, os.O_RDWR)
        try:
            self._control = mmap.mmap(descriptor, _WORD * len(_Word))
        finally:
            os.close(descriptor)
        self._words = memoryview(self._control).cast("q")
        self.limit_room(None)

    @property
    def environment(self) -> dict[str, str]:
        """What the process is started with."""
        variables = {
            "LD_PRELOAD": str(self._library),
            "DISK_SHIM_FOLDER": str(self._watched),
            "DISK_SHIM_CONTROL": str(self._control_file),
        }
        return variables | ({"DISK_SHIM_LOG": str(self.log)} if self._recording else {})

    @property
    def sequence(self) -> int:
        """How many changes the disk has seen."""
        return self._words[_Word.SEQUENCE]

    @property
    def counted(self) -> int:
        """How many calls of the counted kinds there were since `count` or `fail`."""
        return self._words[_Word.COUNTED]

    @property
    def failed(self) -> int:
        """How many calls failed on purpose since `count` or `fail`."""
        return self._words[_Word.FAILED]

    @property
    def room(self) -> int:
        """By how many bytes the files may still grow; negative where there is no limit."""
        return self._words[_Word.ROOM]

    def count(self, *kinds: ChangeKind) -> None:
        """Count these kinds from here on; nothing fails."""
        self._words[_Word.FAIL_FROM] = 0
        self._words[_Word.FAIL_KINDS] = sum(1 << kind for kind in kinds)
        self._words[_Word.COUNTED] = self._words[_Word.FAILED] = 0

    def fail(self, *kinds: ChangeKind, error: int = errno.EIO, first: int = 1, last: int = _ALL) -> None:
        """Let the calls of these kinds from the `first` to the `last` from here on fail with `error`."""
        self.count(*kinds)
        self._words[_Word.FAIL_ERRNO] = error
        self._words[_Word.FAIL_TO] = last
        self._words[_Word.FAIL_FROM] = first

    def kill(self, *kinds: ChangeKind, number: int) -> None:
        """Let the process die, as a crash does, right before the call of these kinds with this number from here on."""
        self.fail(*kinds, error=0, first=number)

    def heal(self) -> None:
        """Nothing fails any more."""
        self._words[_Word.FAIL_FROM] = 0

    def limit_room(self, room: int | None) -> None:
        """Let all files together grow by `room` bytes and no further; None for as much as they want."""
        self._words[_Word.ROOM] = _NO_LIMIT if room is None else room

    def delay_fsync(self, seconds: float) -> None:
        """Let each fsync take this much longer."""
        self._words[_Word.FSYNC_DELAY] = round(seconds * 1_000_000)

    def close(self) -> None:
        """Let go of the control file."""
        self._words.release()
        self._control.close()
