"""SIGUSR2 to `tokenhouse serve`: another core, then another facade, and nobody is refused meanwhile."""

import asyncio
import re
import signal
import socket
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from threading import Event, Thread

from tests.cli.command import TOKENHOUSE
from tests.cli.served import Served, is_running, wait_for
from tests.cli.supervised import EXITS, IGNORES, WAITS, running, supervised
from tests.faults.http_connection import Broken, HttpConnection
from tests.patience import PATIENCE
from tests.ports import free_port


def test_one_after_the_other(tmp_path: Path) -> None:
    """The core ends before the next one begins, the facade after; the same again, and then both stop as ever."""
    with supervised(tmp_path) as served:
        for times in (1, 2):
            served.process.send_signal(signal.SIGUSR2)
            wait_for(lambda: served.stderr.count("core and facade have been replaced") == times)  # noqa: B023
            assert running(served) == {"core2", "facade2"}
        assert served.end() == 0

    said = [line.removeprefix("begins: ") for line in served.stderr.splitlines() if line.startswith("begins: ")]
    assert said[2:] == ["core2", "facade2", "core2", "facade2"]


def test_a_facade_that_does_not_start(tmp_path: Path) -> None:
    """The one before goes on, and a line says so."""
    with supervised(tmp_path, facade2=EXITS) as served:
        served.process.send_signal(signal.SIGUSR2)
        wait_for(lambda: "tokenhouse: one facade exited with status 3; the other goes on\n" in served.stderr)

        assert running(served) == {"core2", "facade"}
        assert served.end() == 0


def test_a_core_that_does_not_start(tmp_path: Path) -> None:
    """There is no core any more, so the facade stops, too, and the exit status is the core's."""
    with supervised(tmp_path, core2=EXITS) as served:
        served.process.send_signal(signal.SIGUSR2)

        assert served.wait() == 3
    assert "tokenhouse: the core exited with status 3; stopping\n" in served.stderr


def test_a_core_that_does_not_stop(tmp_path: Path) -> None:
    """It is killed after a while: the next one waits for it."""
    with supervised(tmp_path, patience=0.3, core=IGNORES) as served:
        served.process.send_signal(signal.SIGUSR2)
        wait_for(lambda: "core and facade have been replaced" in served.stderr)

        assert running(served) == {"core2", "facade2"}


def test_stopping_on_the_way(tmp_path: Path) -> None:
    """Ctrl-C while a facade is being replaced ends all three that run."""
    never_ready = "import os; os.read(int(os.environ['TOKENHOUSE_LIFELINE_FD']), 1)"
    with supervised(tmp_path, facade2=never_ready) as served:
        served.process.send_signal(signal.SIGUSR2)
        wait_for(lambda: running(served) == {"core2", "facade", "facade2"})
        listed = Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children").read_text(encoding="ascii")
        served.process.send_signal(signal.SIGUSR2)
        wait_for(lambda: "not replaced" in served.stderr)

        assert served.end(signal.SIGINT) == 0
        assert not any(is_running(int(pid)) for pid in listed.split())


#: A facade that has stopped listening, and does not end.
_STOPS_LISTENING = "import os\nos.close(int(os.environ['TOKENHOUSE_LISTEN_FD']))\n" + IGNORES
_HOLDS = """
import socket, sys
from core.cli import supervisor
supervisor._ONE_WISH = 0
command = lambda program: [sys.executable, "-c", program, "any"]
held = {"TOKENHOUSE_LISTEN_FD": socket.create_server(("127.0.0.1", int(sys.argv[1])))}
greet = lambda user, ready: print("ready", end="\\n\\n", flush=True)
sys.exit(supervisor.Supervisor(command(sys.argv[2]), command(sys.argv[3]), greet, sockets=held).run())
"""


def test_a_socket_is_not_held_at_the_end(tmp_path: Path) -> None:
    """Whoever connects while the last facade ends is refused at once, and waits for nobody."""
    port = free_port()
    with Served(tmp_path, command=[sys.executable, "-c", _HOLDS, str(port), WAITS, _STOPS_LISTENING]) as served:
        served.read_until("\n\n")
        assert not _is_refused(port)
        served.process.send_signal(signal.SIGTERM)
        wait_for(lambda: _is_refused(port))

        assert served.process.poll() is None
        assert served.end(signal.SIGTERM) == 1


def _is_refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), PATIENCE).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:
        # The kernel had taken it on when the socket was closed; the next one is refused.
        return False
    return False


#: After each reply, in seconds.
_BETWEEN = 0.005


class _Clients:
    """Reads documents over four connections, hundreds a second: without a pause they would be most of the load here."""

    def __init__(self, port: int) -> None:
        self.seen: Counter[str] = Counter()
        self._over = Event()
        self._connections = [HttpConnection(port) for _ in range(4)]
        self._thread = Thread(target=lambda: asyncio.run(self._read_all()))

    def __enter__(self) -> "_Clients":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ask no more."""
        self._over.set()
        self._thread.join(PATIENCE)
        self.seen["refused"] = sum(connection.refused for connection in self._connections)

    def wait_for_more(self) -> None:
        """Until there have been some more answers."""
        before = self.seen.total()
        wait_for(lambda: self.seen.total() > before + 100)

    async def _read_all(self) -> None:
        await asyncio.gather(*map(self._read, self._connections))

    async def _read(self, connection: HttpConnection) -> None:
        while not self._over.is_set():
            try:
                self.seen[str((await connection.ask("GET", "/oauth/v1/jwks")).status)] += 1
            except Broken as broken:
                self.seen[str(broken)] += 1
            await asyncio.sleep(_BETWEEN)
        connection.close()


def test_nobody_notices(tmp_path: Path) -> None:
    """Both processes are others afterwards; no request failed, and no connection was refused (README).

    Where the configuration has a mistake nothing is replaced, and a line says what is wrong; a setting that needs a
    start is then taken over. In the end SIGTERM stops both, exit status 0, and nothing is left behind.
    """
    with Served(tmp_path) as served:
        served.wait_until_ready()
        with _Clients(served.port) as clients:
            clients.wait_for_more()
            before = served.children()
            served.write_config("[OAuth]\nScope = broken\n")
            served.process.send_signal(signal.SIGUSR2)
            wait_for(lambda: "tokenhouse.conf:7: OAuth.Scope" in served.stderr)
            assert served.children() == before

            served.write_config(f"[Server]\nDataDir = {tmp_path / 'other'}\n")
            served.process.send_signal(signal.SIGUSR2)
            wait_for(lambda: "core and facade have been replaced" in served.stderr)
            clients.wait_for_more()
        served.read_until("admin, with the password", times=2)
        assert (tmp_path / "other" / "core.sock").is_socket()
        after = served.children()
        assert served.end() == 0
        assert not any(map(is_running, after.values()))

    assert set(clients.seen) == {"200", "refused"}
    assert clients.seen["refused"] == 0
    assert {name: before[name] != after[name] for name in after} == {"core": True, "facade": True}


#: As systemd does (sd_listen_fds(3)): the socket is number 3, and the process is told that it is meant for itself.
_ACTIVATES = """
import os, sys
os.dup2(int(sys.argv[1]), 3, inheritable=True)
os.environ.update(LISTEN_FDS=sys.argv[2], LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[3], sys.argv[3:])
"""


@cache
def _grpc_port(_folder: Path) -> int:
    """One port for all that a test starts in its folder."""
    return free_port()


def _activated(folder: Path, held: socket.socket, *arguments: str, count: int = 1) -> Served:
    """`tokenhouse serve` with a socket that it did not open, although its settings name another address."""
    descriptor = held.fileno()
    command = [sys.executable, "-c", _ACTIVATES, str(descriptor), str(count), TOKENHOUSE, "serve"]
    return Served(folder, arguments, command, grpc_port=_grpc_port(folder), inherited=(descriptor,))


def test_a_socket_that_systemd_holds(tmp_path: Path) -> None:
    """Between one process and the next connections wait there: a restart of everything fails no request (README)."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as held, _Clients(held.getsockname()[1]) as clients:
        with _activated(tmp_path, held) as served:
            served.wait_until_ready()
            clients.wait_for_more()
            environments = [Path(f"/proc/{pid}/environ").read_text() for pid in served.children().values()]
            assert served.end() == 0
            assert not re.search("LISTEN_(PID|FDS)", "".join(environments))
        with Served(tmp_path, ["core"], grpc_port=_grpc_port(tmp_path)):
            with _activated(tmp_path, held, "facade") as served:
                clients.wait_for_more()
                assert served.end() == 0
            with _activated(tmp_path, held, "facade"):
                clients.close()

    assert set(clients.seen) == {"200", "refused"}
    assert clients.seen["refused"] == 0


def test_what_systemd_hands_over_in_vain(tmp_path: Path) -> None:
    """Several sockets, or one that does not listen, are one line and exit status 78 (README)."""
    with socket.socket() as held:
        for count, said in ((2, "systemd hands over 2 sockets; it should be one"), (1, "no TCP socket that listens")):
            for arguments in ((), ("facade",)):
                with _activated(tmp_path, held, *arguments, count=count) as served:
                    assert served.wait() == 78
                assert re.fullmatch(rf"tokenhouse: Server.Listen: [^\n]*{said}\n", served.stderr)
