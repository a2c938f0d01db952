"""The lock files: every package by version and hash, from wherever the reader's installer takes its packages."""

import re
import tomllib
from collections.abc import Iterable

import pytest

from tests.repository.checkout import ROOT, text_of

_RUNTIME, _DEVELOPMENT = "requirements.lock", "requirements-dev.lock"
_PINNED = re.compile(r"([a-z0-9-]+)==([^ ;\\]+)(?: ; [^\\]+)?((?: \\\n    --hash=sha256:[0-9a-f]{64})+)")
_LOCAL = {"tokenhouse", "tokenhouse-protos", "tokenhouse-verifier"}


def _locked(name: str) -> dict[str, str]:
    """Package → version."""
    return {package: version for package, version, _ in _PINNED.findall(text_of(ROOT / name))}


def _names(requirements: Iterable[object]) -> set[str]:
    """The packages that requirements name."""
    named = (re.match(r"[A-Za-z0-9._-]+", each) for each in requirements if isinstance(each, str))
    return {match[0].lower().replace("_", "-") for match in named if match}


@pytest.mark.parametrize("name", [_RUNTIME, _DEVELOPMENT])
def test_hashes_and_nothing_else(name: str) -> None:
    """Every line is a pinned version, its hashes or a comment: no address and no option."""
    rest = _PINNED.sub("", text_of(ROOT / name))

    assert _locked(name)
    assert [line for line in rest.splitlines() if line.strip() and not line.lstrip().startswith("#")] == []
    assert "://" not in rest


def test_development_is_runtime_and_more() -> None:
    """Tests run on the very versions that users run."""
    runtime, development = _locked(_RUNTIME), _locked(_DEVELOPMENT)

    assert {package: development.get(package) for package in runtime} == runtime


def test_everything_asked_for_is_locked() -> None:
    """What the three distributions and the dependency groups name is in the lock files: `make lock` has been run."""
    projects = [tomllib.loads(text_of(ROOT / folder / "pyproject.toml")) for folder in ("", "protos", "verifier")]
    groups = projects[0]["dependency-groups"]
    runtime = {name for project in projects for name in _names(project["project"]["dependencies"])}

    assert (runtime | _names(groups["build"])) - _LOCAL <= _locked(_RUNTIME).keys()
    assert _names(groups["dev"]) <= _locked(_DEVELOPMENT).keys()


def test_one_version_for_all() -> None:
    """The three distributions are released together."""
    projects = [tomllib.loads(text_of(ROOT / folder / "pyproject.toml")) for folder in ("", "protos", "verifier")]

    assert len({project["project"]["version"] for project in projects}) == 1
