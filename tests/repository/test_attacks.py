"""tests/README.md: every test that it names is there."""

import re
from pathlib import Path

import pytest

from tests.repository.checkout import python_files, text_of

_README = text_of(Path("tests/README.md"))
_SECTION = _README.partition("\n## Attacks\n")[2].partition("\n## ")[0]
_ROWS = [line for line in _SECTION.splitlines() if line.startswith("| ") and "`" in line]


def test_the_table_has_been_found() -> None:
    """Otherwise nothing below looks at anything."""
    assert len(_ROWS) > 80


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: row.split("|")[1].strip())
def test_every_test_that_is_named_is_there(row: str) -> None:
    """A row whose test has moved or gone holds nothing any more."""
    tests = re.findall(r"`([^`]+\.py)`", row.split("|")[3])

    assert tests
    assert [name for name in tests if Path("tests", name) not in python_files()] == []


def test_every_matrix_is_named() -> None:
    """What nobody can find from the table is written a second time."""
    matrices = [path for path in python_files() if path.match("tests/attacks/test_*.py")]

    assert [path.name for path in matrices if f"`attacks/{path.name}`" not in _SECTION] == []


def test_every_file_that_the_readme_names_is_there() -> None:
    """In the other sections by its name alone, which may stand in any folder of the tests."""
    named = set(re.findall(r"`([\w/]+\.py)`", _README))
    there = [f"/{path}" for path in python_files()]

    assert len(named) > 80
    assert [name for name in sorted(named) if not any(path.endswith(f"/{name}") for path in there)] == []
