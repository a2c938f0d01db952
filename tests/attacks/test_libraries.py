"""The libraries that bytes from outside reach first: which ones, which versions, and which of their doors stay shut."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf.internal import api_implementation

from tests.repository.checkout import ROOT, python_files, text_of

_PRODUCT = ("core", "facade", "verifier")
#: What reads text as more than data, or has been given up by its makers.
_NEVER_IMPORTED = {"google.protobuf.json_format", "google.protobuf.text_format", "pickle", "marshal", "shelve", "jose"}


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(text_of(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_protobuf_is_the_one_in_c() -> None:
    """CVE-2025-4565: the one in Python recurses as deep as a message says."""
    assert api_implementation.Type() == "upb"


def test_nothing_from_outside_is_read_as_more_than_data() -> None:
    """CVE-2026-0994, CWE-502: requests are protobuf's binary form, JSON and forms, and nothing else."""
    product = [path for path in python_files() if path.parts[0] in _PRODUCT]
    found = {path: _NEVER_IMPORTED & set(_imported(path)) for path in product}

    assert len(product) > 100
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_versions_are_past_what_went_wrong(lock: str) -> None:
    """CVE-2023-33953, CVE-2024-7246: gRPC from 1.85 on; CVE-2024-33663: python-jose by nobody's way in."""
    locked = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text_of(ROOT / lock), re.MULTILINE))

    assert tuple(map(int, locked["grpcio"].split("."))) >= (1, 85)
    assert "python-jose" not in locked
