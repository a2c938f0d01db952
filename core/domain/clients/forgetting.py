"""Registrations do not pile up: those that nobody wants any more are forgotten, a page of them at a time.

Registering is open to everybody, so most of what registers never comes back. Whoever does come back registers again,
and gets the same id; where it does not, the user is told on a page how to connect again.
"""

from typing import Protocol

from core.domain.clients.client import ClientFacts, ClientIntents, ClientPage, ForgottenAt
from core.domain.policy import PolicySource
from core.domain.writing import Writes


class ForgettingStore(ClientFacts, Writes[ClientIntents], Protocol):
    """What forgetting needs of a store."""


class Forgetting:
    """Goes round all clients, as long as it is called."""

    def __init__(self, store: ForgettingStore, policy: PolicySource) -> None:
        self._store = store
        self._policy = policy
        self._after = ""

    def step(self, *, now: int, limit: int) -> int:
        """Look at the next `limit` clients; how many of them were forgotten. After the last comes the first again.

        Raises:
            StoreUnavailable
        """
        registration = self._policy.current.registration
        limits = ForgottenAt(
            _before(now, registration.unauthorized_lifetime), _before(now, registration.unused_lifetime)
        )
        page = self._store.find_client_page(limit=limit, after=self._after)
        if page is None:
            self._after = ""
            return 0
        forgotten = self._forget(page, now, limits)
        self._after = page.last
        return forgotten

    def _forget(self, page: ClientPage, now: int, limits: ForgottenAt) -> int:
        if limits == ForgottenAt(None, None):
            return 0
        return self._store.write(lambda tx: tx.forget_clients(page, now=now, limits=limits))


def _before(now: int, lifetime: int | None) -> int | None:
    return None if lifetime is None else now - lifetime
