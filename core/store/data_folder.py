"""DataDir: made for this user alone, and refused where others could put files in it."""

import os
import stat
from pathlib import Path

from core.store.refusal import StoreRefused


def require_data_folder(folder: Path) -> None:
    """Make the folder (0700) where there is none; then see that nobody else may change what is in it.

    Whoever can could put a socket of their own where the facade looks for the core's, and read every password.

    Raises:
        StoreRefused: it cannot be made, it is no folder, somebody else owns it or others may write in it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreRefused(f"Server.DataDir: {folder} cannot be used: {error.strerror}") from None
    check_data_folder(folder)


def check_data_folder(folder: Path) -> None:
    """See that nobody else may change what is in the folder; nothing is made.

    Raises:
        StoreRefused: there is none, somebody else owns it or others may write in it.
    """
    try:
        status = folder.stat()
    except OSError as error:
        raise StoreRefused(f"Server.DataDir: {folder} cannot be used: {error.strerror}") from None
    if status.st_uid != os.geteuid():
        who = f"belongs to user {status.st_uid}, not to {os.geteuid()}"
        raise StoreRefused(f"Server.DataDir: {folder} {who}: run it as that user, or chown the folder with all in it")
    if stat.S_IMODE(status.st_mode) & 0o022:
        mode = f"{stat.S_IMODE(status.st_mode):04o}"
        raise StoreRefused(f"Server.DataDir: others may write in {folder} (mode {mode}); chmod 0700 it")
