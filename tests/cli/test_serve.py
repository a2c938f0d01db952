"""`tokenhouse serve`: two processes that begin and end together."""

import json
import os
import re
import signal
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.command import TOKENHOUSE, call, call_here
from tests.cli.life import Life, environment_of, file_limit, live, outlive
from tests.cli.served import Served, is_running, is_stopped, stopping_at_birth, wait_for
from tests.patience import PATIENCE
from tests.plain_http import plain_client
from tests.ports import free_port, wait_until_listening

KEY = "A" * 43


#: A shell whose limit of open files is 300, and may be 5,000.
_LIMITED = ("sh", "-c", 'ulimit -Sn 300; ulimit -Hn 5000; exec "$0" serve "$@"', TOKENHOUSE)


@dataclass(frozen=True)
class _Lives:
    """The first start of a server, which Ctrl-C ends, and the second, whose supervisor is killed."""

    served: Served
    metrics: Mapping[str, int]
    first: Life
    second: Life


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> _Lives:
    """Both, in a terminal with another encoding, with a master key, metrics and a limit of open files."""
    folder, ports = tmp_path_factory.mktemp("lives"), {"core": free_port(), "facade": free_port()}
    environment = {"PYTHONIOENCODING": "latin-1", "TOKENHOUSE_KEYS_MASTERKEY": KEY}
    served = Served(folder, ["--config", "株.conf"], _LIMITED, environment=environment)
    listens = [f"{name.title()}Listen = 127.0.0.1:{port}\n" for name, port in ports.items()]
    served.write_config("[Metrics]\n" + "".join(listens))
    (folder / "tokenhouse.conf").rename(folder / "株.conf")
    return _Lives(served, ports, live(served, _interrupt, ports), live(served, _kill_alone, ports))


def _interrupt(served: Served) -> int:
    return served.end(signal.SIGINT)


def _kill_alone(served: Served) -> int:
    children = served.children()
    status = served.end(signal.SIGKILL)
    outlive(children)
    return status


def test_first_and_second_start(lives: _Lives) -> None:
    """`ready ADDRESS`, then the next three things; the first user's password once and never again (README)."""
    first, second, address = lives.first.greeting, lives.second.greeting, lives.served.address
    (password,) = re.findall(r"admin, with the password (\S{12,})", first)

    assert first.splitlines()[0] == f"ready {address}"
    assert re.findall(r"^  ([0-9])\. ", first, re.MULTILINE) == ["1", "2", "3"]
    assert f"name {address} as your MCP server's authorization server" in first
    assert f"127.0.0.1:{lives.served.grpc_port}" in first
    assert second.splitlines()[0] == f"ready {address}"
    assert "password" not in second
    assert password not in lives.first.log + lives.second.log


def test_environment(lives: _Lives) -> None:
    """No encoding of the terminal loses the password, and the master key stands in the core's environment alone."""
    assert "--config '\\u682a.conf'" in lives.first.greeting
    assert "with the password" in lives.first.greeting
    assert KEY in lives.first.environments["core"]
    assert KEY not in lives.first.environments["facade"]


def test_metrics(lives: _Lives) -> None:
    """Both processes tell their metrics where [Metrics] says, each its own, and stop doing so when they stop."""
    for name, found in lives.first.told.items():
        assert found.value("tokenhouse_build_info", process=name) == found.value("tokenhouse_build_info") == 1
    for port in lives.metrics.values():
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def test_ctrl_c(lives: _Lives) -> None:
    """Ctrl-C stops both, exit status 0, and nothing is left behind (README, Two commands)."""
    assert set(lives.first.children) == {"core", "facade"}
    assert (lives.first.status, lives.first.left) == (0, set())
    assert "Traceback" not in lives.first.log


def test_sessions_of_their_own(lives: _Lives) -> None:
    """A terminal's Ctrl-C reaches only the one that started the two: it decides the order in which they stop."""
    assert set(lives.first.sessions) == {"supervisor", "core", "facade"}
    assert len(set(lives.first.sessions.values())) == 3


def test_supervisor_dies(lives: _Lives) -> None:
    """If the one that started them is killed, both stop by themselves."""
    assert set(lives.second.children) == {"core", "facade"}
    assert (lives.second.status, lives.second.left) == (-signal.SIGKILL, set())


def test_file_limit(lives: _Lives) -> None:
    """A shell's limit of open files is raised as far as it may be: a crowd of connections is not turned away by it."""
    assert lives.first.file_limits == {"supervisor": 5000, "core": 5000, "facade": 5000}


def test_first_start_interrupted(tmp_path: Path) -> None:
    """A first start that ends before both are ready shows the password on its way out (README, Two commands)."""
    with Served(tmp_path, environment=stopping_at_birth(tmp_path, "facade")) as served:
        wait_for(lambda: any(map(is_stopped, served.child_pids())))
        (facade,) = filter(is_stopped, served.child_pids())
        wait_for(lambda: "core serving" in served.stderr)
        os.kill(facade, signal.SIGKILL)
        assert served.wait() == 1
        said = served.read_to_end()

    assert re.findall(r"admin, with the password (\S{12,})", said)
    assert "ready" not in said


def test_core_refuses(tmp_path: Path) -> None:
    """What the core refuses to start with is one line of its own and exit status 78 (README, For operators)."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        served = Served(tmp_path, grpc_port=taken.getsockname()[1])
        with served:
            status = served.wait()

    assert status == 78
    assert f"Grpc.Listen: cannot listen on 127.0.0.1 port {served.grpc_port}" in served.stderr
    assert "; stopping" not in served.stderr
    assert served.stdout == ""


def test_configuration_refused(tmp_path: Path) -> None:
    """A configuration that cannot be used is one line and exit status 78; nothing was started (README)."""
    served = Served(tmp_path)
    served.write_config("[OAuth]\nCodeLifetime = 1h\n")
    for process in ((), ("core",), ("facade",)):
        refused = call("serve", *process, folder=tmp_path)
        assert (refused.status, refused.stdout) == (78, "")
        assert refused.stderr == "tokenhouse: tokenhouse.conf:7: OAuth.CodeLifetime: allowed is 1s to 10m\n"
    assert not (tmp_path / "data").exists()


def test_reload(tmp_path: Path) -> None:
    """SIGHUP takes over what can change, says what waits for a restart, and a mistake changes nothing (README).

    Each is told on stdout, where the operator wants the audit stream there. And if then the core dies, the facade
    stops, too, as line and exit status say.
    """
    audit = "[Audit]\nStream = stdout\n"
    served = Served(tmp_path)
    served.write_config(audit)
    with served:
        served.wait_until_ready()
        client = plain_client(served.address)
        served.write_config(
            f"{audit}[OAuth]\nScope = read: Read\n[Server]\nOAuthClientsEnabled = no\nSessionLifetime = 1h\n"
        )
        served.process.send_signal(signal.SIGHUP)
        path = "/.well-known/oauth-authorization-server"
        wait_for(lambda: client.get(path).status_code == 404)
        served.write_config(
            f"{audit}[Keys]\nMasterKeyFile = other\n[Server]\nOAuthClientsEnabled = no\nDataDir = other\n"
        )
        served.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "at the next start: Server.DataDir, Grpc.Socket, Grpc.AdminSocket, Keys" in served.stderr)
        served.write_config(f"[OAuth]\nScope = broken\n{audit}")
        served.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "not reloaded" in served.stderr)

        assert client.get(path).status_code == 404
        assert "tokenhouse.conf:7: OAuth.Scope" in served.stderr
        assert served.process.poll() is None
        served.read_until('"act":"config_reload"', times=3)
        told = [json.loads(line) for line in served.stdout.splitlines() if '"act":"config_reload"' in line]
        assert [(line["result"], line["reason"], line["actor_kind"]) for line in told] == [
            ("succeeded", "", "server"),
            ("succeeded", "", "server"),
            ("refused", "config_error", "server"),
        ]
        assert told[0]["target"] == "Server.OAuthClientsEnabled, Server.SessionLifetime, OAuth.Scope"
        _kill_one(served, "core", "facade")


def test_nobody_reads(tmp_path: Path) -> None:
    """That nobody reads its greeting is no reason to stop serving; it says what to do about the lost password.

    If either process dies the other stops, and line and exit status say so (README, Two commands): here the facade.
    """
    with Served(tmp_path) as served:
        assert served.process.stdout is not None
        served.process.stdout.close()
        wait_until_listening(served.port)
        with plain_client(served.address) as client:
            wait_for(lambda: client.get("/readyz").status_code == 200)

        _kill_one(served, "facade", "core")
    assert "Traceback" not in served.stderr
    (lost,) = re.findall(r"^tokenhouse: the first user's password could not be shown.*$", served.stderr, re.MULTILINE)
    assert lost.endswith("tokenhouse users passwd admin --config tokenhouse.conf")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("name", ["core", "facade"])
def test_stop_one_at_birth(tmp_path: Path, name: str, number: signal.Signals) -> None:
    """Ctrl-C that comes while a process alone is being loaded waits; then it stops with 0 and without a traceback."""
    with Served(tmp_path, [name], environment=stopping_at_birth(tmp_path, name)) as served:
        wait_for(lambda: is_stopped(served.process.pid))
        served.process.send_signal(number)
        assert served.end(signal.SIGCONT) == 0

    assert "Traceback" not in served.stderr


def test_one_process_each(tmp_path: Path) -> None:
    """`serve core` and `serve facade` are the processes themselves: no first user, no master key for the facade; and a
    shell's limit of open files is raised for each."""
    key = {"TOKENHOUSE_KEYS_MASTERKEY": KEY}
    with Served(tmp_path, ["core"], _LIMITED, environment=key) as core:
        with Served(tmp_path, ["facade"], _LIMITED, core.port, core.grpc_port, key) as facade:
            wait_until_listening(core.port)
            with plain_client(core.address) as client:
                wait_for(lambda: client.get("/readyz").status_code == 200)
            commands = [Path(f"/proc/{each.process.pid}/cmdline").read_bytes() for each in (core, facade)]
            environments = [environment_of(each.process.pid) for each in (core, facade)]
            limits = [file_limit(each.process.pid) for each in (core, facade)]
            users = call_here("users", "list", "--json", folder=tmp_path).json
            assert facade.end(signal.SIGTERM) == 0
        assert core.end(signal.SIGTERM) == 0
        assert core.process.stdout is not None
        assert core.process.stdout.read() == b""

    assert b"-m\0core\0--config\0tokenhouse.conf\0" in commands[0]
    assert b"-m\0facade\0--address\0" in commands[1]
    assert users == []
    assert limits == [5000, 5000]
    assert [KEY in environment for environment in environments] == [True, False]


def _kill_one(served: Served, dies: str, other: str) -> None:
    children = served.children()
    os.kill(children[dies], signal.SIGKILL)

    assert served.wait() == 1
    assert f"tokenhouse: the {dies} was killed by SIGKILL; stopping\n" in served.stderr
    assert not is_running(children[other])
