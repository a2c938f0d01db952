"""A new store is made in a process of its own, and what only that needs is not loaded into the one that serves."""

import subprocess
import sys
from pathlib import Path

import pytest

from core.store.refusal import StoreRefused
from core.store.sqlite import creation
from tests.repository.checkout import ROOT
from tests.store_sqlite.conftest import Opener

_CREATING = """
import sys
from pathlib import Path
from core.store.sqlite.creation import create_store_apart
create_store_apart(Path(sys.argv[1]))
print("sqlite_utils" in sys.modules)
"""


@pytest.fixture
def _nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has just begun."""
    monkeypatch.delitem(sys.modules, "sqlite_utils", raising=False)


def test_what_makes_a_schema_is_loaded_elsewhere(folder: Path, opened: Opener) -> None:
    """The store is whole when the call returns, and this process goes on without the migrations."""
    command = [sys.executable, "-c", _CREATING, str(folder)]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout == "False\n"
    before = (folder / "tokenhouse.db").stat().st_ino
    assert opened().find_user_by_name("nobody") is None
    assert (folder / "tokenhouse.db").stat().st_ino == before


@pytest.mark.usefixtures("_nothing_loaded")
def test_what_cannot_be_made_is_said_by_who_opens_it(folder: Path, opened: Opener) -> None:
    """Making it apart fails without a word."""
    folder.mkdir(mode=0o700)
    folder.chmod(0o755)
    creation.create_store_apart(folder)
    assert not (folder / "tokenhouse.db").exists()
    with pytest.raises(StoreRefused, match="is open to others"):
        opened()


@pytest.mark.usefixtures("_nothing_loaded")
def test_a_store_that_is_there_is_left_alone(folder: Path, opened: Opener) -> None:
    """Whatever it is: to open it is the business of who serves."""
    folder.mkdir(mode=0o700)
    (folder / "tokenhouse.db").touch(0o600)
    creation.create_store_apart(folder)
    with pytest.raises(StoreRefused, match="is empty"):
        opened()
