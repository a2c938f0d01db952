"""A writer that answers the clients' own requests before the commit, which follows at once."""

from typing import Any

from core.__main__ import main
from core.store.sqlite.writer import Writer

_EARLY = ("AuthorizationCode.", "RefreshToken.", "Revocation.")


def _settle(self: Writer, group: Any) -> None:
    early = [each for each in group if getattr(each.intents[0], "__qualname__", "").startswith(_EARLY)]
    late = [each for each in group if each not in early]
    if late:
        _settled(self, late)
    if early:
        _settle_early(self, early)


def _settle_early(self: Writer, group: Any) -> None:
    connection = self._connection
    opened = connection._begin()
    intents = [intent for submission in group for intent in submission.intents]
    transaction, ran = connection._run(opened, intents, connection._attempt_in_savepoint)
    outcomes = iter(ran)
    for submission in group:
        submission.future.set_result([next(outcomes) for _ in submission.intents])
    connection._cursor.execute("COMMIT")
    connection._publish(transaction.recorded)


_settled = Writer._settle
Writer._settle = _settle  # type: ignore[method-assign]

if __name__ == "__main__":
    main()
