"""The README's road by hand, pasted as it stands: only the ports are this test's own."""

import asyncio
import re
import shlex
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

from tests.flows.browser import Person
from tests.patience import PATIENCE
from tests.running import Running

_README = Path(__file__).parents[2] / "README.md"
_MOST_COMMANDS = 9


def _commands() -> str:
    section = _README.read_text().partition("## The same road by hand")[2].partition("\n## ")[0]
    return "".join(re.findall(r"^```sh\n(.*?)^```$", section, re.DOTALL | re.MULTILINE))


def _here(commands: str, running: Running) -> str:
    """The commands for this server and this interpreter."""
    return (
        commands.replace("localhost:8080", f"localhost:{running.port}")
        .replace("127.0.0.1:50051", f"127.0.0.1:{running.grpc_port}")
        .replace(".venv/bin/python", shlex.quote(sys.executable))
    )


async def test_works_when_pasted(running: Running, person: Person) -> None:
    """A newcomer pastes the README's commands: register, allow, get tokens, validate, refresh, revoke."""
    shell = await asyncio.create_subprocess_exec(
        "bash", "-euo", "pipefail", "-c", _here(_commands(), running), stdout=PIPE, stderr=PIPE
    )
    assert shell.stderr is not None
    opening = await asyncio.wait_for(shell.stderr.readline(), PATIENCE)

    url = opening.decode().removeprefix("open ").strip()
    await person.page.goto(url)
    await person.sign_in()
    await person.page.get_by_role("button", name="Allow", exact=True).click()
    await person.page.wait_for_url("http://127.0.0.1:*/callback?*")
    output, errors = await asyncio.wait_for(shell.communicate(), PATIENCE)

    assert shell.returncode == 0, errors.decode()
    said = output.decode()
    assert said.count('"access_token"') == 2
    assert f'username: "{person.username}"' in said
    assert said.endswith("not active\n")


async def test_is_short() -> None:
    """The road takes fewer than ten commands; a function or a here-document is one."""
    starts = re.findall(r"^(?:[A-Z]+=\$\(|whose\(\)|echo|curl)", _commands(), re.MULTILINE)

    assert 0 < len(starts) <= _MOST_COMMANDS
