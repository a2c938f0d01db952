"""The stubs, and the script that makes them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository.checkout import ROOT

GENERATE = [sys.executable, str(ROOT / "protos" / "generate.py")]


def _generate(*arguments: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ if path is None else {**os.environ, "PATH": str(path)}
    return subprocess.run([*GENERATE, *arguments], env=environment, capture_output=True, text=True, check=False)


def test_stubs_are_fresh() -> None:
    """What is imported is what the .proto files say."""
    checked = _generate("--check")

    assert (checked.returncode, checked.stderr) == (0, "")


def test_every_proto_has_typed_stubs(tmp_path: Path) -> None:
    """Each .proto makes two modules, each with its types (README, the folders)."""
    protos = {path.relative_to(ROOT / "protos") for path in (ROOT / "protos").glob("tokenhouse/*/*.proto")}

    made = _generate("--into", str(tmp_path))

    assert made.returncode == 0, made.stderr
    endings = ("_pb2.py", "_pb2.pyi", "_pb2_grpc.py", "_pb2_grpc.pyi")
    assert {path.relative_to(tmp_path) for path in tmp_path.glob("tokenhouse/*/*")} == {
        path.with_name(path.stem + ending) for path in protos for ending in endings
    }


@pytest.mark.parametrize(
    ("language", "program"),
    [("go", "protoc-gen-go-grpc"), ("ts", "protoc-gen-ts_proto"), ("java", "protoc-gen-grpc-java")],
)
def test_missing_generator(tmp_path: Path, language: str, program: str) -> None:
    """Where a language's generator is missing, one line says which and where it comes from (README, the folders)."""
    refused = _generate("--language", language, "--into", str(tmp_path / "out"), path=tmp_path)

    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert f"make stubs LANG={language} needs on the PATH: " in refused.stderr
    assert f"{program} (" in refused.stderr
    assert not (tmp_path / "out").exists()


def test_unknown_language() -> None:
    """A language there are no stubs for is refused in one line that says which there are."""
    refused = _generate("--language", "cobol")

    assert (refused.returncode, refused.stderr) == (1, "make stubs LANG=cobol: allowed are python, go, ts, java\n")
