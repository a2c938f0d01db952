"""The house's hard limits on sizes and names: the tail is what makes a code base hard to read."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.repository.checkout import python_files, text_of, tracked_files

_LINES_OF_A_FILE = 400
_LINES_OF_A_FUNCTION = 60
_NOT_NAMES = {"utils", "helpers", "common", "shared", "base", "manager", "handler", "misc"}
_Function = ast.FunctionDef | ast.AsyncFunctionDef


#: Where a statement has others in it; a function is a statement, and no expression holds one.
_INNER = ("body", "handlers", "cases", "orelse", "finalbody")


class _Measured(NamedTuple):
    """What is asked of a function, without its tree."""

    name: str
    lines: int
    docstring: str | None


@cache
def _functions(path: Path) -> list[_Measured]:
    return _functions_in(text_of(path))


def _functions_in(text: str) -> list[_Measured]:
    return [
        _Measured(node.name, _lines(node), ast.get_docstring(node))
        for node in _statements(ast.parse(text))
        if isinstance(node, _Function)
    ]


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    for field in _INNER:
        for inner in getattr(node, field, ()):
            yield inner
            yield from _statements(inner)


def _lines(function: _Function) -> int:
    """From the `def` to the last line, the docstring left out."""
    docstring = function.body[0] if ast.get_docstring(function, clean=False) is not None else None
    counted = 0 if docstring is None else (docstring.end_lineno or 0) - docstring.lineno + 1
    return (function.end_lineno or 0) - function.lineno + 1 - counted


def test_size() -> None:
    """No file has more than 400 lines and no function more than 60, its docstring left out."""
    files = {str(path): len(text_of(path).splitlines()) for path in python_files()}
    functions = {f"{path}::{each.name}": each.lines for path in python_files() for each in _functions(path)}

    assert len(files) > 500
    assert {name: lines for name, lines in files.items() if lines > _LINES_OF_A_FILE} == {}
    assert {name: lines for name, lines in functions.items() if lines > _LINES_OF_A_FUNCTION} == {}


def test_counting() -> None:
    """The check counts what it says: lines from the def, without the docstring."""
    text = 'def f():\n    """One.\n\n    Two.\n    """\n    a = 1\n    return a\n'
    (function,) = ast.parse(text).body

    assert isinstance(function, _Function)
    assert _lines(function) == 3


def test_every_function_is_found() -> None:
    """The check finds a function wherever one may stand, though it walks through statements alone."""
    files = [path for path in python_files() if path.parts[:2] == ("tests", "repository")]
    places = """
class C:
    def a(): ...
    async def b():
        def c(): ...
if x:
    def d(): ...
elif y:
    def e(): ...
else:
    def f(): ...
for i in x:
    def g(): ...
else:
    def h(): ...
while x:
    def i(): ...
with x:
    def j(): ...
try:
    def k(): ...
except E:
    def l(): ...
else:
    def m(): ...
finally:
    def n(): ...
try:
    def o(): ...
except* E:
    def p(): ...
match x:
    case 1:
        def q(): ...
"""
    walked = [node.name for path in files for node in ast.walk(ast.parse(text_of(path))) if isinstance(node, _Function)]

    assert [each.name for each in _functions_in(places)] == list("abcdefghijklmnopq")
    assert sorted(each.name for path in files for each in _functions(path)) == sorted(walked) != []


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


def test_tests_say_what_they_show() -> None:
    """Every test function states its behaviour in a docstring."""
    tests = {
        f"{path}::{function.name}": function.docstring
        for path in python_files()
        if path.name.startswith("test_")
        for function in _functions(path)
        if function.name.startswith("test_")
    }

    assert len(tests) > 1000
    assert [name for name, docstring in tests.items() if not docstring] == []
