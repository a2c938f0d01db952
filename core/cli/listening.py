"""The sockets that the facade listens on, held by whoever starts it: none is closed between one facade and the next."""

import errno
import os
import socket

from core.config.addresses import ListenAddress
from core.config.config import Config

#: Environment variables that tell the facade the numbers of the sockets it inherited.
LISTEN_VARIABLE = "TOKENHOUSE_LISTEN_FD"
METRICS_LISTEN_VARIABLE = "TOKENHOUSE_METRICS_LISTEN_FD"
#: What systemd tells a process that it starts with a socket (sd_listen_fds(3)).
ACTIVATION_VARIABLES = frozenset({"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"})
_FIRST_FD = 3


class CannotListen(Exception):
    """One line that names the setting and says why."""


def open_listeners(config: Config) -> dict[str, socket.socket]:
    """What the facade is given, by the variable that tells it.

    Raises:
        CannotListen: one of them cannot be listened on.
    """
    listeners = {LISTEN_VARIABLE: find_activated() or _open("Server.Listen", config.server.listen)}
    if config.metrics.facade_listen is not None:
        listeners[METRICS_LISTEN_VARIABLE] = _open("Metrics.FacadeListen", config.metrics.facade_listen)
    return listeners


def find_activated() -> socket.socket | None:
    """The socket that systemd holds for `Server.Listen`, and listens on before anybody is started.

    Raises:
        CannotListen: there are several, or it is of another kind.
    """
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    count = os.environ.get("LISTEN_FDS")
    if count != "1":
        raise CannotListen(f"Server.Listen: systemd hands over {count} sockets; it should be one")
    try:
        activated = socket.socket(fileno=_FIRST_FD)
        listens = activated.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise CannotListen(f"Server.Listen: what systemd hands over is no socket: {error.strerror}") from None
    if not listens or activated.family not in (socket.AF_INET, socket.AF_INET6):
        raise CannotListen("Server.Listen: what systemd hands over is no TCP socket that listens")
    return activated


def _open(setting: str, address: ListenAddress) -> socket.socket:
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
        listener.listen(1024)
    except OSError as error:
        advice = ": tokenhouse doctor says by whom" if error.errno == errno.EADDRINUSE else ""
        raise CannotListen(f"{setting}: cannot listen on {address}: {error.strerror}{advice}") from None
    except UnicodeError:
        raise CannotListen(f"{setting}: cannot listen on {address}: that is no host's name") from None
    return listener
