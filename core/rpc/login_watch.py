"""What every login tells beside its answer: the metrics what came of it, and the connection doctor that it is on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from core.domain.sessions.login import SecondFactorWanted
from core.domain.upstream.login import BackTo, Parameters
from core.metrics.outcomes import OutcomeMetrics
from core.rpc.connection_notes import ConnectionNotes
from core.rpc.errors import reason_of


class Trying(Protocol):
    """The request of a login."""

    @property
    def browser_binding(self) -> bytes:
        """In which browser."""
        ...

    @property
    def network_address(self) -> str:
        """From where, as text."""
        ...


class LoginWatch:
    """Watches logins that this server decides by itself."""

    def __init__(self, outcomes: OutcomeMetrics, notes: ConnectionNotes) -> None:
        self._outcomes = outcomes
        self._notes = notes

    @contextmanager
    def over(self, back_to: BackTo, parameters: Parameters, request: Trying) -> Iterator[None]:
        """While a login is tried that leads back there."""
        if back_to is not BackTo.AUTHORIZE:
            # For a page of this server's own: no client waits for it.
            with self._counting():
                yield
            return
        with self._notes.logging_in(parameters, request.browser_binding, request.network_address), self._counting():
            yield

    @contextmanager
    def _counting(self) -> Iterator[None]:
        try:
            yield
        except SecondFactorWanted:
            raise
        except Exception as error:
            self._outcomes.login(reason_of(error))
            raise
        self._outcomes.login("SUCCEEDED")
