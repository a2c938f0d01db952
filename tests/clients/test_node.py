"""Other people's programs run with the version of Node that they are known to run with."""

import subprocess

from tests.node import find_node


def test_node_is_pinned() -> None:
    """The conformance suite needs Node 22; which one is on the PATH is of no account (package-lock.json)."""
    told = subprocess.run([find_node(), "--version"], capture_output=True, text=True, check=True).stdout

    assert told.strip() == "v22.23.3"
