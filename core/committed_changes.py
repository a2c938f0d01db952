"""Where what the store commits is told to whoever lives by it."""

from collections.abc import Callable, Sequence

from core.domain.tokens.change import Change


class CommittedChanges:
    """Where the writer announces changes: nobody listens until the listeners have been built from the store."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Sequence[Change]], None]] = []

    def announce(self, changes: Sequence[Change]) -> None:
        """Tell every listener, on the writer's thread, before the commit is acknowledged."""
        for listener in self._listeners:
            listener(changes)

    def listen(self, listener: Callable[[Sequence[Change]], None]) -> None:
        """Hear every change from now on."""
        self._listeners.append(listener)
