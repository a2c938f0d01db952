"""The distributions hold what they need at run time, and nothing else."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.repository.checkout import ROOT, tracked_files


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Each distribution's files, built from a copy of what is tracked and the stubs."""
    copy = tmp_path_factory.mktemp("checkout")
    stubs = (path.relative_to(ROOT) for path in (ROOT / "protos").glob("tokenhouse/*/*_pb2*.py*"))
    for path in (*tracked_files(), *stubs):
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, copy / path)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(copy / "dist")]
    for folder in ("protos", "verifier", "."):
        subprocess.run([*command, folder], cwd=copy, capture_output=True, check=True)
    return {path.name.partition("-")[0]: _files(path) for path in (copy / "dist").iterdir()}


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

    assert wheels["tokenhouse_verifier"] == {name for name in source if name.startswith("tokenhouse_verifier/")}
