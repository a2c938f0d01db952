"""Ports that tests give to servers, by a process that has given none yet."""

import subprocess
import sys

from tests.repository.checkout import ROOT

_PROGRAM = """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from tests.ports import free_port

def give(_):
    together.wait()
    return free_port()

together = Barrier(8)
with ThreadPoolExecutor(8) as threads:
    print(*threads.map(give, range(8)))
"""


def test_threads_that_ask_at_once_are_given_ports_of_one_claim() -> None:
    """A port of a block that was claimed and let go is another process's to give as well."""
    for _ in range(5):
        told = subprocess.run([sys.executable, "-c", _PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
        ports = [int(port) for port in told.stdout.split()]
        assert len(set(ports)) == 8
        assert len({port // 100 for port in ports}) == 1
