"""What is known of the schema's steps without the library that takes them."""

import subprocess
import sys
from pathlib import Path

from sqlite_utils import Database

from core.store.sqlite.migrations import MIGRATIONS
from core.store.sqlite.schema_steps import STEPS

SCRIPT = """
import sys
from pathlib import Path
from core.store.sqlite.store import open_store

open_store(Path(sys.argv[1]), on_commit=lambda changes: None).close()
print("sqlite_utils" in sys.modules)
"""


def test_the_steps_are_those_of_the_migrations() -> None:
    """A step that is not named would not be taken, and a name without a step would be missed at each start."""
    assert tuple(step.name for step in MIGRATIONS.pending(Database(memory=True))) == STEPS


def test_the_library_is_loaded_to_take_a_step_alone(folder: Path) -> None:
    """The first start makes the schema; those after it find it made, and are the quicker for it."""
    starts = [
        subprocess.run([sys.executable, "-c", SCRIPT, str(folder)], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert starts == ["True\n", "False\n"]
