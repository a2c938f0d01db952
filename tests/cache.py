"""The user's cache of what tests need and fetch once, for all checkouts."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def make_once(name: str, make: Callable[[Path], object]) -> Path:
    """The folder of that name in the cache. Where several make it at once, the first to finish wins."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tokenhouse-tests"
    folder = cache / name
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f"{name}.", dir=cache) as unfinished:
            made = Path(unfinished, "made")
            made.mkdir()
            make(made)
            try:
                made.rename(folder)
            except OSError:
                if not folder.exists():
                    raise
    return folder
