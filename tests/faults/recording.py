"""The disk's record read back: every change of every file and of the folder, in the order of the disk."""

import struct
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from tests.faults.disk_shim import ChangeKind

SECTOR = 512
_HEADER = struct.Struct("<6q")


class Image:
    """What a file holds; nothing is kept of zeros that nobody wrote."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._size = 0

    def copy(self) -> "Image":
        """Another one that holds the same."""
        other = Image()
        other._data, other._size = self._data[:], self._size
        return other

    def write(self, offset: int, data: bytes) -> None:
        """Put bytes at an offset."""
        self._data.extend(bytes(max(0, offset - len(self._data))))
        self._data[offset : offset + len(data)] = data
        self._size = max(self._size, len(self._data))

    def resize(self, size: int) -> None:
        """Cut or lengthen it."""
        del self._data[size:]
        self._size = size

    def save(self, path: Path) -> None:
        """Make a file of it that only its owner can use."""
        with path.open("wb") as file:
            path.chmod(0o600)
            file.write(self._data)
            file.truncate(self._size)


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes at an offset; some of its sectors may be on disk without the others."""

    offset: int
    data: bytes

    @property
    def sectors(self) -> int:
        """How many sectors it touches, the first and the last perhaps in part."""
        return (self.offset + len(self.data) - 1) // SECTOR - self.offset // SECTOR + 1

    def apply(self, image: "Image", kept: int | None = None) -> None:
        """Write into `image`: everything, or the sectors whose bits are set in `kept`."""
        if kept is None:
            image.write(self.offset, self.data)
            return
        for sector in range(self.sectors):
            if kept >> sector & 1:
                self._part(sector).apply(image)

    def _part(self, sector: int) -> "Write":
        start = max(self.offset, (self.offset // SECTOR + sector) * SECTOR)
        end = min(self.offset + len(self.data), (self.offset // SECTOR + sector + 1) * SECTOR)
        return Write(start, self.data[start - self.offset : end - self.offset])


@dataclass(frozen=True, slots=True)
class Resize:
    """A file cut or made longer."""

    size: int

    def apply(self, image: "Image", kept: int | None = None) -> None:
        """Cut or lengthen `image`; there is no half of it."""
        image.resize(self.size)


@dataclass(frozen=True, slots=True)
class Link:
    """A name for a file, in place of whatever had it."""

    name: str
    file: int

    def apply(self, names: dict[str, int]) -> None:
        """Give the name."""
        names[self.name] = self.file


@dataclass(frozen=True, slots=True)
class Rename:
    """Another name for a file."""

    before: str
    after: str

    def apply(self, names: dict[str, int]) -> None:
        """Move the name."""
        names[self.after] = names.pop(self.before)


@dataclass(frozen=True, slots=True)
class Unlink:
    """A name taken away."""

    name: str

    def apply(self, names: dict[str, int]) -> None:
        """Take it."""
        del names[self.name]


FileChange: TypeAlias = Write | Resize
NameChange: TypeAlias = Link | Rename | Unlink

#: The number that stands for the folder where files have theirs.
FOLDER = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the record: a change of a file or of the folder, or where `change` is None what syncs it."""

    sequence: int
    file: int
    change: FileChange | NameChange | None


def read_recording(log: Path) -> list[Step]:
    """The steps of a recording that began with an empty folder."""
    reader = _Reader()
    return [step for entry in _entries(log.read_bytes()) if (step := reader.read(*entry)) is not None]


def _entries(log: bytes) -> Iterator[tuple[int, ChangeKind, int, int, int, bytes]]:
    place = 0
    while place < len(log):
        sequence, kind, descriptor, offset, length, size = _HEADER.unpack_from(log, place)
        place += _HEADER.size
        yield sequence, ChangeKind(kind), descriptor, offset, length, log[place : place + size]
        place += size


class _Reader:
    """Knows which file each descriptor and each name is."""

    def __init__(self) -> None:
        self._files = 0
        self._by_name: dict[str, int] = {"": FOLDER}
        self._by_descriptor: dict[int, int] = {}
        self._sizes: defaultdict[int, int] = defaultdict(int)

    def read(
        self, sequence: int, kind: ChangeKind, descriptor: int, offset: int, length: int, payload: bytes
    ) -> Step | None:
        if kind is ChangeKind.OPENED:
            return self._open(sequence, descriptor, payload.decode(), made=offset == 1, cut=length == 1)
        if kind in (ChangeKind.RENAMED, ChangeKind.UNLINKED):
            return Step(sequence, FOLDER, self._rename(payload.decode()))
        file = self._by_descriptor[descriptor]
        return Step(sequence, file, self._change(file, kind, offset, length, payload))

    def _open(self, sequence: int, descriptor: int, name: str, *, made: bool, cut: bool) -> Step | None:
        if made:
            self._files += 1
            self._by_name[name] = self._files
        file = self._by_descriptor[descriptor] = self._by_name[name]
        if made:
            return Step(sequence, FOLDER, Link(name, file))
        return Step(sequence, file, Resize(0)) if cut else None

    def _rename(self, names: str) -> NameChange:
        before, slash, after = names.partition("/")
        change: NameChange = Rename(before, after) if slash else Unlink(before)
        change.apply(self._by_name)
        return change

    def _change(self, file: int, kind: ChangeKind, offset: int, length: int, payload: bytes) -> FileChange | None:
        if kind is ChangeKind.SYNCED:
            return None
        if kind is ChangeKind.WRITTEN:
            self._sizes[file] = max(self._sizes[file], offset + length)
            return Write(offset, payload)
        size = length if kind is ChangeKind.TRUNCATED else max(self._sizes[file], offset + length)
        self._sizes[file] = size
        return Resize(size)
