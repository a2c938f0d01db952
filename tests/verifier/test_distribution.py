"""The library stands alone: what it imports, and that importing it starts nothing."""

import ast
import subprocess
import sys
from pathlib import Path

from tests.repository.checkout import ROOT

SOURCES = sorted((ROOT / "verifier" / "tokenhouse_verifier").glob("*.py"))
#: Beside the standard library: what verifier/pyproject.toml names, and comes with it.
ALLOWED = {"grpc", "tokenhouse", "tokenhouse_verifier"}


def _imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found - set(sys.stdlib_module_names)


def test_it_needs_grpc_and_the_contract_alone() -> None:
    """verifier/pyproject.toml: two dependencies; PyJWT is wanted by one file, which one argument loads."""
    needed = {path.name: _imported(path) - ALLOWED for path in SOURCES}
    assert {name: extra for name, extra in needed.items() if extra} == {"signatures.py": {"jwt"}}


def test_importing_and_making_one_starts_nothing() -> None:
    """No thread and no connection before the first token, and PyJWT stays unloaded."""
    program = """
import sys, threading
from tokenhouse_verifier.verifier import TokenVerifier
from tokenhouse_verifier.async_verifier import AsyncTokenVerifier
made = [kind("127.0.0.1:1", audience="https://mcp.example.com/") for kind in (TokenVerifier, AsyncTokenVerifier)]
print(threading.active_count(), "jwt" in sys.modules, [verifier.is_following for verifier in made])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "1 False [False, False]\n"
