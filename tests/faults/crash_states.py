"""What a disk may hold after a power loss: what was synced, and of the rest any part, in sectors, in any order.

The model: an fsync is honest; a sector of 512 bytes is written whole or not at all; what was written to files since
their last fsync may be there or not, each write and each sector by itself; cutting and lengthening a file is one such
write; names are taken and given in order, as a journal does, and are durable after an fsync of the folder.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count as count_up
from pathlib import Path
from random import Random
from typing import TypeAlias

from tests.faults.recording import FOLDER, FileChange, Image, Link, NameChange, Rename, Step, Unlink, Write

#: Random parts of what was not synced, at each place.
_SAMPLES = 4
#: Changes that alone are lost, or alone are kept, at each place.
_SINGLES = 6

#: A change's place in its file, and the sectors that are on disk; None for all.
Kept: TypeAlias = tuple[int, int | None]


@dataclass(frozen=True, slots=True)
class CrashState:
    """What is on disk: of each file the first `whole` changes and the `extra` ones; of the names the first `names`."""

    names: int
    #: By file: how many changes from the first on, and which later ones.
    files: tuple[tuple[int, int, tuple[Kept, ...]], ...]


@dataclass
class Progress:
    """How far the record has been read: how many changes of each file there were, and how many of them are synced."""

    seen: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    synced: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    #: Changes of files that are not synced, in order: (file, its place in the file, the change).
    pending: list[tuple[int, int, FileChange]] = field(default_factory=list)

    def advance(self, step: Step) -> None:
        """Read one step."""
        file = step.file
        if step.change is None:
            self.synced[file] = self.seen[file]
            self.pending = [entry for entry in self.pending if entry[0] != file]
            return
        if file != FOLDER:
            assert not isinstance(step.change, Link | Rename | Unlink)
            self.pending.append((file, self.seen[file], step.change))
        self.seen[file] += 1


class Recorded:
    """A recording, and the states it may have left behind."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps
        self._changes: defaultdict[int, list[FileChange]] = defaultdict(list)
        self._names: list[NameChange] = []
        for step in steps:
            if isinstance(step.change, Link | Rename | Unlink):
                self._names.append(step.change)
            elif step.change is not None:
                self._changes[step.file].append(step.change)

    def states(self, random: Random) -> dict[CrashState, int]:
        """Every state once, with the number of the last step after which it may be found."""
        return {state: place for place, state in self._found(random)}

    def final(self) -> tuple[CrashState, int]:
        """What is on disk in the end where nothing was lost."""
        progress = Progress()
        for step in self._steps:
            progress.advance(step)
        everything: dict[int, int | None] = dict.fromkeys(range(len(progress.pending)))
        return _state(progress, everything, progress.seen[FOLDER]), len(self._steps) - 1

    def sample(self, count: int, random: Random, *, after: int = 0) -> list[tuple[CrashState, int]]:
        """`count` of the states, as many from the rare moments, when names or the database change, as from others.

        Only those after the change with the number `after`. Every moment has one before any has another.
        """
        groups: defaultdict[int, list[tuple[CrashState, int]]] = defaultdict(list)
        for found in self.states(random).items():
            step = self._steps[found[1]]
            if step.sequence > after:
                groups[step.file].append(found)
        ordered: list[tuple[int, int, tuple[CrashState, int]]] = []
        for group in groups.values():
            random.shuffle(group)
            rounds: defaultdict[int, Iterator[int]] = defaultdict(count_up)
            turns: defaultdict[int, Iterator[int]] = defaultdict(count_up)
            for found in group:
                round_of_moment = next(rounds[found[1]])
                ordered.append((round_of_moment, next(turns[round_of_moment]), found))
        ordered.sort(key=lambda each: each[:2])
        return [found for _, _, found in ordered[:count]]

    def restore(self, states: Iterable[tuple[CrashState, int]], folder: Path) -> Iterator[tuple[CrashState, int, Path]]:
        """Each of the states, in the order of their steps, with the sequence number of the step, made in a folder."""
        durable = _Durable(self._changes)
        progress, at = Progress(), -1
        for number, (state, place) in enumerate(sorted(states, key=lambda found: found[1])):
            while at < place:
                at += 1
                progress.advance(self._steps[at])
            durable.advance(progress)
            restored = folder / f"state-{number}"
            restored.mkdir(mode=0o700)
            self._save(state, durable, restored)
            yield state, self._steps[place].sequence, restored

    def _save(self, state: CrashState, durable: "_Durable", folder: Path) -> None:
        names: dict[str, int] = {}
        for change in self._names[: state.names]:
            change.apply(names)
        kept = {file: (whole, extra) for file, whole, extra in state.files}
        for name, file in names.items():
            whole, extra = kept.get(file, (0, ()))
            durable.image(file, whole, extra).save(folder / name)

    def _found(self, random: Random) -> Iterator[tuple[int, CrashState]]:
        progress = Progress()
        for place, step in enumerate(self._steps):
            progress.advance(step)
            for kept in _parts(progress.pending, random):
                for names in range(progress.synced[FOLDER], progress.seen[FOLDER] + 1):
                    yield place, _state(progress, kept, names)


class _Durable:
    """The files as they were last synced."""

    def __init__(self, changes: dict[int, list[FileChange]]) -> None:
        self._changes = changes
        self._images: defaultdict[int, Image] = defaultdict(Image)
        self._applied: defaultdict[int, int] = defaultdict(int)

    def advance(self, progress: Progress) -> None:
        """Apply what was synced meanwhile."""
        for file, synced in progress.synced.items():
            for change in self._changes[file][self._applied[file] : synced] if file != FOLDER else ():
                change.apply(self._images[file])
            self._applied[file] = synced

    def image(self, file: int, whole: int, extra: Sequence[Kept]) -> Image:
        """The file with its first `whole` changes and the `extra` ones."""
        image = self._images[file].copy()
        for change in self._changes[file][self._applied[file] : whole]:
            change.apply(image)
        for place, sectors in extra:
            self._changes[file][place].apply(image, sectors)
        return image


def _parts(pending: Sequence[tuple[int, int, FileChange]], random: Random) -> Iterator[dict[int, int | None]]:
    """Parts of `pending`: by its number in the list each change that is on disk, and which of its sectors."""
    everything: dict[int, int | None] = dict.fromkeys(range(len(pending)))
    yield {}
    yield everything
    if not pending:
        return
    last = len(pending) - 1
    for sectors in _tears(pending[last][2]):
        yield everything | {last: sectors}
    for single in random.sample(range(len(pending)), min(_SINGLES, len(pending))):
        yield {single: None}
        yield {number: None for number in everything if number != single}
    for _ in range(_SAMPLES):
        some: dict[int, int | None] = {number: None for number in everything if random.random() < 0.5}
        if some:
            torn = random.choice(list(some))
            some[torn] = _some_sectors(pending[torn][2], random)
        yield some


def _tears(change: FileChange) -> Iterator[int]:
    """A write of several sectors: its beginning alone, at each length, and its end alone."""
    if isinstance(change, Write):
        for sectors in range(1, change.sectors):
            yield (1 << sectors) - 1
            yield (1 << change.sectors) - (1 << sectors)


def _some_sectors(change: FileChange, random: Random) -> int | None:
    if not isinstance(change, Write) or change.sectors == 1:
        return None
    return random.randrange(1, (1 << change.sectors) - 1)


def _state(progress: Progress, kept: dict[int, int | None], names: int) -> CrashState:
    """The state in one spelling: what follows upon what is synced without a gap counts as whole."""
    whole = {file: count for file, count in progress.synced.items() if file != FOLDER}
    extra: defaultdict[int, list[Kept]] = defaultdict(list)
    for number in sorted(kept):
        file, place, _ = progress.pending[number]
        if kept[number] is None and place == whole.get(file, 0):
            whole[file] = place + 1
        else:
            extra[file].append((place, kept[number]))
    files = sorted(whole.keys() | extra.keys())
    return CrashState(names, tuple((file, whole.get(file, 0), tuple(extra[file])) for file in files))
