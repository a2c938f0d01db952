"""Room on the database's disk."""

from collections.abc import Iterator
from pathlib import Path

from core.doctor.finding import Finding, good, problem
from core.store.sqlite.folder import free_bytes
from core.store.sqlite.reserve import RESERVE_BYTES, Reserve

_SUBJECT = "Disk"
_MEGABYTE = 1_000_000
#: In bytes; less than this the log of a busy hour could fill.
_ENOUGH = 2 * RESERVE_BYTES


def examine_disk(folder: Path, *, has_database: bool) -> Iterator[Finding]:
    """Free room, and the reserve that revocations live on when there is none."""
    reserve = Reserve(folder)
    free = free_bytes(folder if folder.exists() else _nearest(folder))
    room = f"{free // _MEGABYTE} MB are free on the disk of {folder}"
    if has_database and not reserve.held:
        remedy = "" if free >= _ENOUGH else f"make room for {_in_megabytes(_ENOUGH)}, and "
        yield problem(
            _SUBJECT,
            f"{room}, and the reserve is not there, without which nothing new is issued: {remedy}"
            "a core that starts, or is asked for anything new, puts it by again",
        )
    elif free < _ENOUGH:
        yield problem(_SUBJECT, f"only {room}: make room for {_in_megabytes(_ENOUGH)} at least")
    else:
        yield good(_SUBJECT, room)


def _in_megabytes(size: int) -> str:
    return f"{-(-size // _MEGABYTE)} MB"


def _nearest(folder: Path) -> Path:
    return next(parent for parent in folder.parents if parent.exists())
