"""How long this disk takes to make a write durable."""

import os
import time
from pathlib import Path
from statistics import median

_WRITES = 200
_PAGE = 4096


def fsync_milliseconds(folder: Path) -> float:
    """The median time of one fsync after a page was added to a file of the folder, in ms."""
    path, taken = folder / "probe", []
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        for _ in range(_WRITES):
            os.write(descriptor, os.urandom(_PAGE))
            begun = time.perf_counter()
            os.fsync(descriptor)
            taken.append(time.perf_counter() - begun)
    finally:
        os.close(descriptor)
        path.unlink()
    return median(taken) * 1000
