"""What the core can say, found in its source and its classes."""

import ast
from collections.abc import Iterator
from pathlib import Path

from core.domain import errors


def calls_in(folder: Path) -> Iterator[tuple[ast.Call, ast.AST | None]]:
    """Every call in the modules of a folder, and what it stands in."""
    for path in sorted(folder.rglob("*.py")):
        tree = ast.parse(path.read_text())
        around = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        yield from ((node, around.get(node)) for node in ast.walk(tree) if isinstance(node, ast.Call))


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
    tree = ast.parse(path.read_text())
    given = [
        call.args[position]
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and name_of(call) == verb and len(call.args) > position
    ]
    names = {node.id for each in given for node in ast.walk(each) if isinstance(node, ast.Name)}
    given += [
        node.value
        for node in ast.walk(tree)
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
