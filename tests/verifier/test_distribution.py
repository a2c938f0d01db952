"""The library stands alone: what it imports, and that importing it starts nothing."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.repository.checkout import ROOT

SOURCES = sorted((ROOT / "verifier" / "tokenhouse_verifier").glob("*.py"))
#: Beside the standard library: what verifier/pyproject.toml names, and comes with it.
ALLOWED = {"grpc", "tokenhouse_verifier"}


def _imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found - set(sys.stdlib_module_names)


#: What needs an extra of verifier/pyproject.toml, and what comes with that.
EXTRAS = {
    "signatures.py": {"jwt"},
    "sanic.py": {"sanic"},
    "mcp.py": {"mcp", "pydantic", "starlette"},
    "fastmcp.py": {"fastmcp", "pydantic", "starlette"},
}


def test_it_needs_grpc_alone() -> None:
    """verifier/pyproject.toml: with what its messages need; any other is wanted by one file, loaded by its name."""
    needed = {path.name: _imported(path) - ALLOWED for path in SOURCES}
    assert {name: extra for name, extra in needed.items() if extra} == EXTRAS


def test_every_door_has_its_extra() -> None:
    """verifier/README.md, Ready-made doors: the extra has the door's name, and installs what it imports."""
    extras = tomllib.loads((ROOT / "verifier" / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    doors = {name.removesuffix(".py") for name in EXTRAS} - {"signatures"}
    assert set(extras) == {"jwt"} | doors
    assert all(extras[door][0].startswith(f"{door}>=") for door in doors)


def test_importing_and_making_one_starts_nothing() -> None:
    """No thread and no connection before the first token, and nothing that needs an extra is loaded."""
    program = """
import sys, threading
from tokenhouse_verifier.verifier import TokenVerifier
from tokenhouse_verifier.async_verifier import AsyncTokenVerifier
made = [kind("127.0.0.1:1", audience="https://mcp.example.com/") for kind in (TokenVerifier, AsyncTokenVerifier)]
import tokenhouse_verifier.asgi, tokenhouse_verifier.grpc, tokenhouse_verifier.protected_resource
extras = {"jwt", "sanic", "mcp", "fastmcp", "pydantic", "starlette"}
print(threading.active_count(), sorted(extras & set(sys.modules)), [verifier.is_following for verifier in made])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "1 [] [False, False]\n"
