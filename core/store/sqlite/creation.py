"""A new store, made in a process of its own: what only a new database needs is loaded there, and stays there."""

import ctypes
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from core.domain.tokens.change import Change
from core.store.sqlite.replacement import holds_database
from core.store.sqlite.store import open_store

#: prctl(2): the signal that a process gets when its parent ends.
_PR_SET_PDEATHSIG = 1
#: What makes the schema; where it is loaded already, another process would save nothing.
_LOADED_FOR_IT = "sqlite_utils"


def create_store_apart(folder: Path) -> None:
    """Make the store in `folder` where there is none; call it while this process has one thread (fork(2)).

    What goes wrong is not told: whoever opens the store next meets it, too, and says so.
    """
    if _LOADED_FOR_IT in sys.modules or holds_database(folder):
        return
    # 4 MB for the rest of this process's life, for what is done in a tenth of a second.
    child = os.fork()
    if not child:
        _create(folder)
    os.waitpid(child, 0)


def _create(folder: Path) -> None:
    try:
        # The folder is locked, and must not stay so when somebody kills the core.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        logging.disable()
        open_store(folder, on_commit=_tell_nobody).close()
    finally:
        os._exit(0)


def _tell_nobody(_changes: Sequence[Change]) -> None:
    """Nobody is there yet."""
