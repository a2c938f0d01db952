"""The distributions hold what they need at run time, and nothing else."""

import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.patience import PATIENCE
from tests.repository.checkout import ROOT, tracked_files


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each distribution's wheel, built from a copy of what is tracked and the stubs."""
    copy = tmp_path_factory.mktemp("checkout")
    stubs = [
        path.relative_to(ROOT)
        for folder in ("protos/tokenhouse", "verifier/tokenhouse_verifier")
        for path in (ROOT / folder).glob("*/*_pb2*.py*")
    ]
    for path in (*tracked_files(), *stubs):
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, copy / path)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(copy / "dist")]
    for folder in ("protos", "verifier", "."):
        subprocess.run([*command, folder], cwd=copy, capture_output=True, check=True)
    return {path.name.partition("-")[0]: path for path in (copy / "dist").iterdir()}


@pytest.fixture(scope="module")
def wheels(built: dict[str, Path]) -> dict[str, set[str]]:
    """Each distribution's files."""
    return {name: _files(wheel) for name, wheel in built.items()}


def _files(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def _source(*folders: str) -> set[str]:
    return {str(path) for path in tracked_files() if path.parts[0] in folders}


def test_server(wheels: dict[str, set[str]]) -> None:
    """`tokenhouse` is the core and the facade, with the pages it shows."""
    assert wheels["tokenhouse"] == _source("core", "facade")


def test_contract(wheels: dict[str, set[str]]) -> None:
    """`tokenhouse-protos` is the contract and its typed stubs."""
    protos = {str(path.relative_to("protos")) for path in tracked_files() if path.match("protos/tokenhouse/**/*")}

    assert protos < wheels["tokenhouse_protos"]
    assert {"tokenhouse/v1/token_pb2.py", "tokenhouse/v1/token_pb2_grpc.pyi"} <= wheels["tokenhouse_protos"]
    assert all(name.startswith("tokenhouse/") for name in wheels["tokenhouse_protos"])


def test_verifier(wheels: dict[str, set[str]]) -> None:
    """`tokenhouse-verifier` is the library for services alone."""
    source = {str(path.relative_to("verifier")) for path in tracked_files() if path.parts[0] == "verifier"}

    own = {name for name in source if name.startswith("tokenhouse_verifier/")}
    assert own < wheels["tokenhouse_verifier"]
    assert {Path(name).name for name in wheels["tokenhouse_verifier"] - own} == {
        f"{name}_pb2{ending}" for name in ("changes", "item_error", "validation") for ending in (".py", ".pyi")
    }


def _requirements_of(name: str) -> Iterator[metadata.Distribution]:
    """What comes with a distribution, its extras left out."""
    for text in metadata.requires(name) or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield metadata.distribution(requirement.name)
            yield from _requirements_of(requirement.name)


def test_the_verifier_works_by_itself(built: dict[str, Path], tmp_path: Path) -> None:
    """Its wheel and what that requires, in an environment of their own: it runs, and says that nobody is there."""
    venv.create(tmp_path, with_pip=False, symlinks=True)
    [site] = tmp_path.glob("lib/python3*/site-packages")
    zipfile.ZipFile(built["tokenhouse_verifier"]).extractall(site)
    required = {each.name: each for each in _requirements_of("tokenhouse-verifier")}
    assert set(required) == {"grpcio", "protobuf", "typing_extensions"}
    for distribution in required.values():
        # One that stands in the checkout has no files here but its metadata.
        for path in distribution.files or ():
            if ".." not in path.parts and not (site / path).exists():
                (site / path).parent.mkdir(parents=True, exist_ok=True)
                (site / path).symlink_to(Path(str(path.locate())))
    command = [str(tmp_path / "bin" / "python"), "-I", "-c", _ASK_NOBODY]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert (done.stdout, done.returncode) == ("Unavailable\nUnavailable\n", 0), done.stderr


_ASK_NOBODY = """
import asyncio
import tokenhouse_verifier.asgi, tokenhouse_verifier.grpc, tokenhouse_verifier.protected_resource
from tokenhouse_verifier.async_verifier import AsyncTokenVerifier
from tokenhouse_verifier.errors import Unavailable
from tokenhouse_verifier.verifier import TokenVerifier

arguments = {"audience": "https://mcp.example.com/mcp", "timeout": 0.1}

async def ask():
    async with AsyncTokenVerifier("127.0.0.1:9", **arguments) as verifier:
        await verifier.verify("a.b.c")

def ask_in_a_thread():
    with TokenVerifier("127.0.0.1:9", **arguments) as verifier:
        verifier.verify("a.b.c")

for act in (ask_in_a_thread, lambda: asyncio.run(ask())):
    try:
        act()
    except Unavailable as refusal:
        print(type(refusal).__name__)
"""
