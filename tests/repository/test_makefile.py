"""The Makefile: its list of targets, and the two meanings of LANG."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository.checkout import ROOT, text_of

_DISTRIBUTIONS = ("pyproject.toml", "protos/pyproject.toml", "verifier/pyproject.toml")


def _make(*arguments: str, folder: Path = ROOT, **variables: str) -> str:
    environment = {**os.environ, **variables}
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True).stdout


def test_help() -> None:
    """`make help` tells every target that a person calls, from its comment."""
    told = re.findall(r"^  make ([a-z-]+) +\S", _make("help"), re.MULTILINE)

    assert {"setup", "stubs", "run", "test", "check", "wheel", "help"} <= set(told)
    assert told == re.findall(r"^([a-z-]+):.*## \S", text_of(ROOT / "Makefile"), re.MULTILINE)


def test_locale_is_no_language() -> None:
    """LANG in the environment is a locale; only `make stubs LANG=…` names a language (README, the folders)."""
    assert "--language" not in _make("--dry-run", "--always-make", "stubs", LANG="go")
    assert "--language go" in _make("--dry-run", "--always-make", "stubs", "LANG=go")


@pytest.mark.parametrize("target", ["run", "test", "demo"])
def test_one_command_does_it_all(target: str) -> None:
    """`make run`, `make test` and `make demo` set up and generate by themselves (README, Two commands)."""
    commands = _make("--dry-run", "--always-make", target)

    assert "-m venv" in commands
    assert "--require-hashes" in commands
    assert "protos/generate.py" in commands


def test_deleted_stubs_are_made_again(tmp_path: Path) -> None:
    """`make stubs` makes what is missing, also where it has made it before (README, the folders)."""
    protos = _set_up(tmp_path)

    _make("stubs", folder=tmp_path)
    first = {path.name for path in protos.iterdir()}
    (protos / "item_error_pb2_grpc.py").unlink()
    _make("stubs", folder=tmp_path)

    assert {path.name for path in protos.iterdir()} == first
    (verifiers := tmp_path / "verifier" / "tokenhouse_verifier" / "contract" / "changes_pb2.py").unlink()
    _make("stubs", folder=tmp_path)

    assert verifiers.exists()
    assert {"item_error_pb2.py", "item_error_pb2.pyi", "item_error_pb2_grpc.py", "item_error_pb2_grpc.pyi"} <= first
    assert "generate.py" not in _make("--dry-run", "stubs", folder=tmp_path)


def _set_up(folder: Path) -> Path:
    """A checkout of three .protos, whose stubs `make` believes to have made; the folder of these."""
    protos = folder / "protos" / "tokenhouse" / "v1"
    for path in (protos, folder / "verifier", folder / ".venv" / "bin"):
        path.mkdir(parents=True)
    contract = (f"protos/tokenhouse/v1/{name}.proto" for name in ("changes", "item_error", "validation"))
    for name in ("Makefile", "protos/generate.py", *contract):
        shutil.copy(ROOT / name, folder / name)
    for name in ("requirements.lock", *_DISTRIBUTIONS, ".venv/.installed", ".venv/.stubs"):
        (folder / name).touch()
    python = folder / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    return protos
