"""Who listens on this machine, by number and name."""

import re
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
#: proc_pid_net(5): the state of a socket that listens.
_LISTENING = "0A"
#: Process, user and group.
_CREDENTIALS = struct.Struct("3i")
#: In seconds.
_PATIENCE = 3.0


@dataclass(frozen=True, slots=True)
class Listener:
    """A process that listens; what cannot be found out about it is None and "", as for another user's."""

    process: int | None = None
    name: str = ""

    def __str__(self) -> str:
        return f"process {self.process} ({self.name})" if self.process is not None else "a process of another user"


def find_listener(port: int) -> Listener:
    """Who listens on a TCP port, on whichever address."""
    wanted = {f"socket:[{inode}]" for table in _TABLES for inode in _listening(table, port)}
    for folder in Path("/proc").iterdir() if wanted else ():
        if folder.name.isdecimal() and _has_open(folder, wanted):
            return Listener(int(folder.name), _name_of(folder))
    return Listener()


def find_socket_listener(path: Path) -> Listener | None:
    """Who listens on a Unix socket (unix(7), SO_PEERCRED); None where nobody does."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_PATIENCE)
        try:
            probe.connect(str(path))
            credentials = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        except BlockingIOError:
            # More callers wait than there is room for: there is somebody.
            return Listener()
        except (OSError, AttributeError):
            return None
    process = _CREDENTIALS.unpack(credentials)[0]
    return Listener(process, _name_of(Path("/proc") / str(process)))


def _listening(table: Path, port: int) -> list[str]:
    """The numbers of the sockets that listen on the port."""
    try:
        rows = [line.split() for line in table.read_text(encoding="ascii").splitlines()[1:]]
    except OSError:
        return []
    return [row[9] for row in rows if row[3] == _LISTENING and int(row[1].rpartition(":")[2], 16) == port]


def _has_open(folder: Path, wanted: set[str]) -> bool:
    try:
        return any(str(link.readlink()) in wanted for link in (folder / "fd").iterdir())
    except OSError:
        # It has ended, or is somebody else's.
        return False


def _name_of(folder: Path) -> str:
    try:
        # Its arguments may hold secrets; its name does not.
        return re.sub(r"[^\w.+-]", "?", (folder / "comm").read_text(encoding="utf-8", errors="replace").strip())
    except OSError:
        return "ended"
