"""What the core can say, found in its source and its classes."""

import ast
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from core.domain import errors


@cache
def calls_in(folder: Path) -> Sequence[tuple[ast.Call, ast.AST | None]]:
    """Every call in the modules of a folder, and what it stands in."""
    return [
        (node, around)
        for path in sorted(folder.rglob("*.py"))
        for around in _nodes(path)
        for node in ast.iter_child_nodes(around)
        if isinstance(node, ast.Call)
    ]


@cache
def _nodes(path: Path) -> Sequence[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text())))


def name_of(call: ast.Call) -> str:
    """The function's or method's own name."""
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def kinds_of_refusals() -> list[type[errors.Refusal]]:
    """Those that are raised."""
    kinds: list[type[errors.Refusal]] = [errors.Refusal]
    found: list[type[errors.Refusal]] = []
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        found += [] if kind in (errors.Refusal, errors.OAuthError) else [kind]
    return found


def words_in(path: Path, verb: str, position: int) -> set[str]:
    """What a module may hand to this function or method in this place: what is written there, or put into the name
    that stands there."""
    given = [
        call.args[position]
        for call in _nodes(path)
        if isinstance(call, ast.Call) and name_of(call) == verb and len(call.args) > position
    ]
    names = {node.id for each in given for node in ast.walk(each) if isinstance(node, ast.Name)}
    given += [
        node.value
        for node in _nodes(path)
        if isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id in names for to in node.targets)
    ]
    return {word for each in given for word in _strings(each)}


def _strings(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from (*_strings(node.body), *_strings(node.orelse))
    elif isinstance(node, ast.Dict):
        yield from (word for value in node.values for word in _strings(value))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
