"""The core with a bug put in: `synchronous=NORMAL`, which many guides recommend. The power-loss test must find it."""

from core.__main__ import main
from core.store.sqlite import database

_, *others = database._WRITER
database._WRITER = ("PRAGMA synchronous = NORMAL", *others)  # type: ignore[assignment]

if __name__ == "__main__":
    main()
