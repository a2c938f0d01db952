"""mcp-remote as a program that speaks stdio starts it: the command of a local server."""

import asyncio
import os
import re
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from tests.node import environment_with, find_node
from tests.patience import PATIENCE

_LINK = re.compile(r"https?://\S+(?:/authorize|/device)\?\S+")


def ask_whoami(packages: Path, server: str, open_link: Callable[[str], object], *flags: str) -> Any:
    """What the service's tool says, asked through mcp-remote; `open_link` gets each link that it shows to its user."""
    node = find_node()
    proxy = packages / "node_modules" / "mcp-remote" / "dist" / "proxy.js"
    reading, writing = os.pipe()
    with os.fdopen(reading) as lines:
        # What it also tells a browser to open is nobody's business here.
        environment = environment_with(node) | {"BROWSER": "true", "DISPLAY": "", "XDG_CURRENT_DESKTOP": ""}
        # Nothing is remembered.
        environment["MCP_REMOTE_CONFIG_DIR"] = str(packages / f"mcp-remote-{threading.get_ident()}")
        command = StdioServerParameters(command=str(node), args=[str(proxy), server, *flags], env=environment)
        person = threading.Thread(target=_open_links, args=(lines, open_link))
        person.start()
        answer = asyncio.run(asyncio.wait_for(_call(command, writing), PATIENCE))
        person.join(PATIENCE)
    return answer


async def _call(command: StdioServerParameters, said: int) -> Any:
    with os.fdopen(said, "w") as errors:
        async with Client(stdio_client(command, errlog=errors)) as client:
            return (await client.call_tool("whoami")).structured_content


def _open_links(lines: Iterable[str], open_link: Callable[[str], object]) -> None:
    for line in lines:
        if link := _LINK.search(line):
            open_link(link[0])
