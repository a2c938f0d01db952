"""The house's hard limits on sizes and names: the tail is what makes a code base hard to read."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repository.checkout import python_files, text_of, tracked_files

_LINES_OF_A_FILE = 400
_LINES_OF_A_FUNCTION = 60
_NOT_NAMES = {"utils", "helpers", "common", "shared", "base", "manager", "handler", "misc"}
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def _functions(path: Path) -> Iterator[_Function]:
    for node in ast.walk(ast.parse(text_of(path))):
        if isinstance(node, _Function):
            yield node


def _lines(function: _Function) -> int:
    """From the `def` to the last line, the docstring left out."""
    docstring = function.body[0] if ast.get_docstring(function, clean=False) is not None else None
    counted = 0 if docstring is None else (docstring.end_lineno or 0) - docstring.lineno + 1
    return (function.end_lineno or 0) - function.lineno + 1 - counted


@pytest.mark.parametrize("path", python_files(), ids=str)
def test_size(path: Path) -> None:
    """No file has more than 400 lines and no function more than 60, its docstring left out."""
    assert len(text_of(path).splitlines()) <= _LINES_OF_A_FILE
    assert {each.name: _lines(each) for each in _functions(path) if _lines(each) > _LINES_OF_A_FUNCTION} == {}


def test_counting() -> None:
    """The check counts what it says: lines from the def, without the docstring."""
    text = 'def f():\n    """One.\n\n    Two.\n    """\n    a = 1\n    return a\n'
    (function,) = ast.parse(text).body

    assert isinstance(function, _Function)
    assert _lines(function) == 3


def test_rooms_hold_a_docstring_alone() -> None:
    """Every package's __init__.py holds a docstring and nothing else, so that importing a room runs nothing."""
    rooms = [path for path in python_files() if path.name == "__init__.py"]
    others = [
        str(path)
        for path in rooms
        if ast.get_docstring(module := ast.parse(text_of(path))) is None or len(module.body) != 1
    ]

    assert rooms
    assert others == []


def test_every_folder_is_a_room() -> None:
    """Every folder with Python files in it says what it owns in an __init__.py."""
    folders = {path.parent for path in python_files()} - {Path(), Path("protos")}

    assert {str(folder) for folder in folders if folder / "__init__.py" not in python_files()} == set()


def test_no_drawers() -> None:
    """No file or folder has a name that anything could be put under."""
    assert [
        str(path) for path in tracked_files() if _NOT_NAMES & {part.split(".")[0].lower() for part in path.parts}
    ] == []


@pytest.mark.parametrize("path", [path for path in python_files() if path.name.startswith("test_")], ids=str)
def test_tests_say_what_they_show(path: Path) -> None:
    """Every test function states its behaviour in a docstring."""
    tests = [function for function in _functions(path) if function.name.startswith("test_")]

    assert [function.name for function in tests if not ast.get_docstring(function)] == []
