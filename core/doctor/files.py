"""Whose the folders and files are, and who else may use them."""

import os
from collections.abc import Iterator
from pathlib import Path

from core.config.config import Config
from core.doctor.finding import Finding, good, note, problem
from core.store.data_folder import check_data_folder
from core.store.refusal import StoreRefused
from core.store.sqlite.folder import find_open
from core.store.sqlite.replacement import list_kept

_SUBJECT = "Files"


def examine_files(config: Config) -> Iterator[Finding]:
    """DataDir and the database's folder, as a start would see them."""
    data, database = config.server.data_dir, config.database_folder
    if not data.exists():
        yield _describe_absence(data)
        return
    found = [problem(_SUBJECT, reason) for reason in _find_reasons(data, database)]
    yield from found
    if found:
        return
    yield good(_SUBJECT, f"{data} and what is in it are this user's alone")
    if kept := list_kept(database):
        names = ", ".join(path.name for path in kept)
        yield note(
            _SUBJECT, f"{database} still has what was there before a restore; delete it when nobody needs it: {names}"
        )


def _find_reasons(data: Path, database: Path) -> Iterator[str]:
    """Everything for which a start would refuse the folders."""
    try:
        check_data_folder(data)
    except StoreRefused as refusal:
        yield str(refusal)
    if database.exists():
        yield from find_open(database)


def _describe_absence(folder: Path) -> Finding:
    parent = next(each for each in folder.parents if each.exists())
    if parent.is_dir() and os.access(parent, os.W_OK | os.X_OK):
        return note(_SUBJECT, f"{folder} is not there yet; the first start makes it")
    return problem(_SUBJECT, f"Server.DataDir: {folder} cannot be made in {parent}: name another folder")
