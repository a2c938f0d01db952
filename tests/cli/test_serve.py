"""`tokenhouse serve`: two processes that begin and end together."""

import os
import re
import resource
import signal
import socket
from pathlib import Path

import httpx
import pytest

from tests.cli.command import TOKENHOUSE, call
from tests.cli.served import Served, is_running, is_stopped, stopping_at_birth, wait_for, wait_for_end
from tests.patience import PATIENCE
from tests.ports import free_port
from tests.scrape import scrape

KEY = "A" * 43


def test_first_and_second_start(tmp_path: Path) -> None:
    """`ready ADDRESS`, then the next three things; the first user's password once and never again (README)."""
    with Served(tmp_path) as served:
        first = served.wait_until_ready()
        log = served.stderr
    (password,) = re.findall(r"admin, with the password (\S{12,})", first)
    with Served(tmp_path) as again:
        second = again.wait_until_ready()

    assert first.splitlines()[0] == f"ready {served.address}"
    assert re.findall(r"^  ([0-9])\. ", first, re.MULTILINE) == ["1", "2", "3"]
    assert f"name {served.address} as your MCP server's authorization server" in first
    assert f"127.0.0.1:{served.grpc_port}" in first
    assert second.splitlines()[0] == f"ready {again.address}"
    assert "password" not in second
    assert password not in log + served.stderr


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


def test_environment(tmp_path: Path) -> None:
    """No encoding of the terminal loses the password, and the master key stands in the core's environment alone."""
    environment = {"PYTHONIOENCODING": "latin-1", "TOKENHOUSE_KEYS_MASTERKEY": KEY}
    started = Served(tmp_path, ["--config", "株.conf"], environment=environment)
    (tmp_path / "tokenhouse.conf").rename(tmp_path / "株.conf")
    with started as served:
        greeting = served.wait_until_ready()
        environments = {name: _environment_of(pid) for name, pid in served.children().items()}

    assert "--config '\\u682a.conf'" in greeting
    assert "with the password" in greeting
    assert KEY in environments["core"]
    assert KEY not in environments["facade"]


def test_metrics(tmp_path: Path) -> None:
    """Both processes tell their metrics where [Metrics] says, each its own, and stop doing so when they stop."""
    core, facade = free_port(), free_port()
    served = Served(tmp_path)
    served.write_config(f"[Metrics]\nCoreListen = 127.0.0.1:{core}\nFacadeListen = 127.0.0.1:{facade}\n")
    with served:
        served.wait_until_ready()
        told = {name: scrape(f"http://127.0.0.1:{port}") for name, port in (("core", core), ("facade", facade))}
        assert served.end() == 0

    for name, found in told.items():
        assert found.value("tokenhouse_build_info", process=name) == found.value("tokenhouse_build_info") == 1
    for port in (core, facade):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stop(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM stop both, exit status 0, and nothing is left behind (README, Two commands)."""
    with Served(tmp_path) as served:
        served.wait_until_ready()
        children = served.children()
        status = served.end(number)

    assert set(children) == {"core", "facade"}
    assert status == 0
    assert not any(map(is_running, children.values()))
    assert "Traceback" not in served.stderr


def test_sessions_of_their_own(tmp_path: Path) -> None:
    """A terminal's Ctrl-C reaches only the one that started the two: it decides the order in which they stop."""
    with Served(tmp_path) as served:
        served.wait_until_ready()
        sessions = {name: os.getsid(pid) for name, pid in served.children().items()}

        assert os.getsid(served.process.pid) not in sessions.values()
        assert len(set(sessions.values())) == 2


@pytest.mark.parametrize(("dies", "other"), [("core", "facade"), ("facade", "core")])
def test_one_dies(tmp_path: Path, dies: str, other: str) -> None:
    """If either process dies the other stops, and line and exit status say so (README, Two commands)."""
    with Served(tmp_path) as served:
        served.wait_until_ready()
        children = served.children()
        os.kill(children[dies], signal.SIGKILL)
        status = served.wait()

    assert status == 1
    assert f"tokenhouse: the {dies} was killed by SIGKILL; stopping\n" in served.stderr
    assert not is_running(children[other])


def test_supervisor_dies(tmp_path: Path) -> None:
    """If the one that started them is killed, both stop by themselves."""
    with Served(tmp_path) as served:
        served.wait_until_ready()
        children = served.children()
        served.end(signal.SIGKILL)
        for pid in children.values():
            wait_for_end(pid)

    assert not any(map(is_running, children.values()))


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
    """SIGHUP takes over what can change, says what waits for a restart, and a mistake changes nothing (README)."""
    with Served(tmp_path) as served:
        served.wait_until_ready()
        client = httpx.Client(base_url=served.address, timeout=PATIENCE, trust_env=False)
        served.write_config("[OAuth]\nScope = read: Read\n[Server]\nOAuthClientsEnabled = no\nSessionLifetime = 1h\n")
        served.process.send_signal(signal.SIGHUP)
        path = "/.well-known/oauth-authorization-server"
        wait_for(lambda: client.get(path).status_code == 404)
        served.write_config("[Keys]\nMasterKeyFile = other\n[Server]\nOAuthClientsEnabled = no\nDataDir = other\n")
        served.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "at the next start: Server.DataDir, Grpc.Socket, Grpc.AdminSocket, Keys" in served.stderr)
        served.write_config("[OAuth]\nScope = broken\n")
        served.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "not reloaded" in served.stderr)

        assert client.get(path).status_code == 404
        assert "tokenhouse.conf:7: OAuth.Scope" in served.stderr
        assert served.process.poll() is None


def test_nobody_reads(tmp_path: Path) -> None:
    """That nobody reads its greeting is no reason to stop serving; it says what to do about the lost password."""
    with Served(tmp_path) as served:
        assert served.process.stdout is not None
        served.process.stdout.close()
        transport = httpx.HTTPTransport(retries=10)
        with httpx.Client(base_url=served.address, transport=transport, timeout=PATIENCE, trust_env=False) as client:
            wait_for(lambda: client.get("/readyz").status_code == 200)

        assert served.end(signal.SIGINT) == 0
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
    """`serve core` and `serve facade` are the processes themselves: no first user, no master key for the facade."""
    key = {"TOKENHOUSE_KEYS_MASTERKEY": KEY}
    with Served(tmp_path, ["core"], environment=key) as core:
        with Served(tmp_path, ["facade"], port=core.port, grpc_port=core.grpc_port, environment=key) as facade:
            transport = httpx.HTTPTransport(retries=10)
            with httpx.Client(base_url=core.address, transport=transport, timeout=PATIENCE, trust_env=False) as client:
                wait_for(lambda: client.get("/readyz").status_code == 200)
            commands = [Path(f"/proc/{each.process.pid}/cmdline").read_bytes() for each in (core, facade)]
            environments = [_environment_of(each.process.pid) for each in (core, facade)]
            users = call("users", "list", "--json", folder=tmp_path).json
            assert facade.end(signal.SIGTERM) == 0
        assert core.end(signal.SIGTERM) == 0
        assert core.process.stdout is not None
        assert core.process.stdout.read() == b""

    assert b"-m\0core\0--config\0tokenhouse.conf\0" in commands[0]
    assert b"-m\0facade\0--address\0" in commands[1]
    assert users == []
    assert [KEY in environment for environment in environments] == [True, False]


@pytest.mark.parametrize("arguments", ["serve", "serve facade"])
def test_file_limit(tmp_path: Path, arguments: str) -> None:
    """A shell's limit of open files is raised as far as it may be: a crowd of connections is not turned away by it."""
    command = ("sh", "-c", f'ulimit -Sn 300; ulimit -Hn 5000; exec "$0" {arguments}', TOKENHOUSE)
    with Served(tmp_path, command=command) as served:
        wait_for(lambda: _file_limit(served.process.pid) == 5000)
        if arguments == "serve":
            served.wait_until_ready()
            assert {_file_limit(pid) for pid in served.child_pids()} == {5000}


def _file_limit(pid: int) -> int:
    return resource.prlimit(pid, resource.RLIMIT_NOFILE)[0]


def _environment_of(pid: int) -> str:
    return Path(f"/proc/{pid}/environ").read_text(encoding="utf-8")
