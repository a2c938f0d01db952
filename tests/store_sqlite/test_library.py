"""One SQLite library per process, and it is pysqlite3."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
from pathlib import Path

import _sqlite3
import sqlite3
import sqlite3.dbapi2

def used(*arguments, **options):
    raise SystemExit("the standard library's SQLite was used")

for module in (_sqlite3, sqlite3, sqlite3.dbapi2):
    module.connect = module.Connection = used

import pysqlite3
import sqlite_utils.utils
from core.store.sqlite.store import open_store

store = open_store(Path(sys.argv[1]), on_commit=lambda changes: None)
store.note_time(7)
assert store.persisted_time() == 7
store.close()
assert sqlite_utils.utils.sqlite3 is pysqlite3
assert not isinstance(pysqlite3.connect, type(used))
print("pysqlite3 alone")
"""


def test_the_standard_library_is_never_used(folder: Path) -> None:
    """A start, a write, a read and a close go through pysqlite3, migrations included."""
    done = subprocess.run([sys.executable, "-c", SCRIPT, str(folder)], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("pysqlite3 alone\n", "", 0)
