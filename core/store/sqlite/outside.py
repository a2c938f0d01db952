"""A database looked at from outside, beside the core that may have it open: nothing is made, changed or locked."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from core.domain.errors import StoreUnavailable
from core.store.refusal import StoreRefused
from core.store.sqlite import driver
from core.store.sqlite.database import connect_reader
from core.store.sqlite.driver import Connection, Row
from core.store.sqlite.schema_steps import is_up_to_date, unusable_steps
from core.store.sqlite.soundness import find_damage, is_ours
from core.store.sqlite.transaction import SqliteFacts

T = TypeVar("T")


class OutsideView(SqliteFacts):
    """What can be read of it; used by one thread. Every method raises `StoreUnavailable` when it cannot be read."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def row(self, sql: str, parameters: Sequence[object] = ()) -> Row | None:
        return next(iter(self.rows(sql, parameters)), None)

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        return self._ask(lambda connection: connection.execute(sql, parameters).fetchall())

    def find_damage(self) -> str:
        """The first thing that is wrong with the file, in SQLite's words; "" where it is whole. Reads all of it."""
        return self._ask(lambda connection: find_damage(connection, "integrity_check"))

    def is_ours(self) -> bool:
        """Whether it is a Tokenhouse database."""
        return self._ask(is_ours)

    def is_of_a_newer_program(self) -> bool:
        """Whether this program refuses to open it."""
        return bool(self._ask(unusable_steps))

    def is_of_an_older_program(self) -> bool:
        """Whether the next start adds to its schema."""
        return not self._ask(is_up_to_date)

    def _ask(self, question: Callable[[Connection], T]) -> T:
        try:
            return question(self._connection)
        except driver.Error as error:
            raise StoreUnavailable(str(error)) from None


@contextmanager
def look_from_outside(path: Path) -> Iterator[OutsideView]:
    """The database at `path`.

    Raises:
        StoreRefused: it cannot be opened, or is empty.
    """
    try:
        # SQLite takes an empty file for a new database, and takes away a log that lies beside it.
        if path.stat().st_size == 0:
            raise StoreRefused(f"{path} is empty")
        connection = connect_reader(path, immutable=not Path(f"{path}-wal").exists())
    except OSError as error:
        raise StoreRefused(f"{path} cannot be opened: {error.strerror}") from None
    except driver.Error as error:
        raise StoreRefused(f"{path} cannot be opened: {error}") from None
    with closing(connection):
        yield OutsideView(connection)
