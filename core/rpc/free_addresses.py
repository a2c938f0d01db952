"""Whether an address can be listened on, and if not, why: gRPC says neither."""

import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class CannotListen(Exception):
    """The address cannot be listened on; one line that says why."""


def require_free_socket(path: Path) -> None:
    """Make room for a Unix socket: what an earlier core left behind is removed, anything else is left alone.

    Raises:
        CannotListen: something listens there, or what is there is no socket, or the folder cannot be used.
    """
    if check_socket(path):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise CannotListen(f"{path} cannot be used: {error.strerror}") from None


def check_socket(path: Path) -> bool:
    """Whether an earlier core left a socket there; nothing is changed.

    Raises:
        CannotListen: as `require_free_socket`.
    """
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise CannotListen(f"{path} is there and is no socket")
        if _answers(path):
            raise CannotListen(f"another process listens on {path}")
    except FileNotFoundError:
        if not path.parent.is_dir():
            raise CannotListen(f"{path.parent} is no folder") from None
        return False
    except OSError as error:
        raise CannotListen(f"{path} cannot be used: {error.strerror}") from None
    return True


def require_free_port(host: str, port: int) -> None:
    """Pass a TCP address that could be listened on a moment ago.

    Raises:
        CannotListen: the host has no address here, or the port is taken.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            # Binding beside another process's listening socket may pass; listening does not.
            probe.listen(1)
    except OSError as error:
        raise CannotListen(f"cannot listen on {host} port {port}: {error.strerror}") from None


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return False
    return True


@contextmanager
def naming(setting: str, address: object = None) -> Iterator[None]:
    """What cannot be listened on inside, with the setting that asks for it.

    Raises:
        CannotListen: its words begin with the setting.
    """
    try:
        yield
    except CannotListen as refusal:
        raise CannotListen(f"{setting}: {refusal}") from None
    except OSError as error:
        raise CannotListen(f"{setting}: cannot listen on {address}: {error.strerror}") from None
