"""Telling the service manager how the server is (sd_notify(3)); where there is none, nothing happens."""

import os
import socket
import time
from contextlib import suppress

#: Where it listens.
NOTIFY_VARIABLE = "NOTIFY_SOCKET"
#: The device and inode of the journal, where standard output or error is connected to it (systemd.exec(5)).
_JOURNAL_VARIABLE = "JOURNAL_STREAM"


def say_ready() -> None:
    """Both processes serve."""
    _notify("READY=1")


def say_reloading() -> None:
    """They are being replaced; `say_ready` follows."""
    _notify(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")


def say_stopping() -> None:
    """They end."""
    _notify("STOPPING=1")


def is_journal(descriptor: int) -> bool:
    """Whether what is written there is kept in the journal."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return False
    return os.environ.get(_JOURNAL_VARIABLE) == f"{status.st_dev}:{status.st_ino}"


def _notify(state: str) -> None:
    address = os.environ.get(NOTIFY_VARIABLE, "")
    if not address:
        return
    # A name in the abstract namespace is written with an @ for the zero byte that it begins with.
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
        manager.connect(f"\0{address[1:]}" if address.startswith("@") else address)
        manager.sendall(state.encode())
