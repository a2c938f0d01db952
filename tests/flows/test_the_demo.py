"""`make demo`: a newcomer connects a client to the small protected server, and sees whose calls arrive."""

import asyncio
import re
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.cli.command import clean_environment
from tests.flows.browser import Person
from tests.flows.mcp_client import install_app
from tests.patience import PATIENCE
from tests.ports import free_port
from tests.repository.checkout import ROOT
from tests.running import Running


@asynccontextmanager
async def _demo(config: Path, port: int) -> AsyncIterator[Process]:
    """What `make demo` starts, with the configuration named as an operator may."""
    process = await asyncio.create_subprocess_exec(
        # As in a terminal, also where the tests were begun in the background.
        "env",
        "--default-signal=INT",
        sys.executable,
        str(ROOT / "verifier" / "examples" / "demo.py"),
        f"--port={port}",
        env=clean_environment(TOKENHOUSE_CONFIG=str(config)),
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _read(process: Process, end: str) -> str:
    """What it prints, up to this."""
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readuntil(end.encode()), PATIENCE)).decode()


async def _refusal(config: Path, port: int) -> tuple[int | None, str]:
    """How it ends, and the one line it says, where it does not start."""
    async with _demo(config, port) as process:
        output, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert output == b""
    (line,) = errors.decode().splitlines()
    return process.returncode, line


async def test_calls_arrive_with_the_users_name(running: Running, person: Person) -> None:
    """The one line that is printed connects a client (RFC 9728 §5); its call stands there with who called."""
    async with _demo(running.config, free_port()) as process:
        greeting = await _read(process, "Ctrl-C ends it.\n")
        (url,) = re.findall(r"^  claude mcp add --transport http tokenhouse-demo (\S+)$", greeting, re.MULTILINE)
        assert greeting.startswith(f"ready {url}, protected by {running.issuer}.")

        async with install_app(url, person.connect) as app:
            answer = await app.whoami()
        line = await _read(process, "called whoami\n")
        process.send_signal(signal.SIGINT)
        rest, errors = await asyncio.wait_for(process.communicate(), PATIENCE)

    assert answer == {"username": person.username, "groups": ["analysts", "writers"]}
    assert re.fullmatch(rf"\d\d:\d\d:\d\d  {person.username} \(analysts, writers\) called whoami\n", line)
    assert (process.returncode, rest, errors) == (0, b"\n", b"")


async def test_nothing_runs(tmp_path: Path) -> None:
    """It says so, where it has looked, and what to do."""
    config, port = tmp_path / "tokenhouse.conf", free_port()
    config.write_text(f"[Server]\nAddress = http://localhost:{port}\nListen = 127.0.0.1:{port}\n")

    status, line = await _refusal(config, free_port())

    assert (status, line) == (
        1,
        f"no Tokenhouse answers at http://localhost:{port}: "
        "start it with `make run` in another terminal, then `make demo` again",
    )


async def test_something_else_is_there(running: Running, tmp_path: Path) -> None:
    """Another server at the address, and another program at the demo's port: each is named."""
    other = tmp_path / "tokenhouse.conf"
    other.write_text(running.config.read_text().replace("localhost", "127.0.0.1"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refusals = [await _refusal(other, port), await _refusal(running.config, port)]

    here = f"http://127.0.0.1:{running.port}"
    assert refusals[0] == (1, f"at {here} runs another server, which calls itself {running.issuer}")
    assert refusals[1] == (
        1,
        f"127.0.0.1:{port}: Address already in use; another port: make demo DEMO_ARGS='--port 8091'",
    )


async def test_a_resource_that_is_not_listed(running: Running, tmp_path: Path) -> None:
    """RFC 8707 §2: no client could get a token for it; the line says which setting would change that."""
    listed, port = tmp_path / "tokenhouse.conf", free_port()
    listed.write_text(f"{running.config.read_text()}\n[OAuth]\nResource = https://mcp.example.com/mcp\n")

    assert await _refusal(listed, port) == (
        1,
        f"the server gives no tokens for http://localhost:{port}/mcp: "
        f"add `Resource = http://localhost:{port}/mcp` under [OAuth]",
    )
