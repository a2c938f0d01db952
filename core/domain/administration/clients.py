"""Clients, as operators see and end them."""

from collections.abc import Callable, Sequence
from typing import Protocol

from core.domain.administration.ending import EndingTransaction, end_grants_of_client
from core.domain.audit.act import Act
from core.domain.audit.record import AuditIntents, record_of
from core.domain.clients.client import Client, ClientFacts, ClientIntents
from core.domain.clock import Clock
from core.domain.errors import NotFound
from core.domain.grants.grant import GrantFacts, RevokeReason
from core.domain.sayings import say
from core.domain.writing import Writes


class ClientTransaction(ClientFacts, ClientIntents, EndingTransaction, AuditIntents, Protocol):
    """What operators' acts on clients write."""


class ClientStore(ClientFacts, GrantFacts, Writes[ClientTransaction], Protocol):
    """What operators' acts on clients need of a store."""


class ClientAdministration:
    """Every act on a client; an unknown one raises NotFound."""

    def __init__(self, store: ClientStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def get(self, client_id: str) -> Client:
        """The client with this id."""
        client = self._store.find_client(client_id)
        if client is None:
            raise NotFound(say("no_client", client_id=client_id))
        return client

    def list(self, *, limit: int, after: str, containing: str = "") -> Sequence[Client]:
        """Clients by client_id, those that come after `after`; those alone whose name or id holds `containing`."""
        if containing:
            return self._store.search_clients(containing, limit=limit, after=after)
        return self._store.list_clients(limit=limit, after=after)

    def count_users(self, client_id: str) -> int:
        """How many users have a live grant of it."""
        return self._store.count_subjects(client_id, live_at=self._clock.now())

    def delete(self, client_id: str) -> int:
        """Delete the client and end every grant given to it; how many. It may register again under the same id."""
        now, reason = self._clock.now(), RevokeReason.CLIENT_DELETED
        return self._end(Act.CLIENT_DELETE, client_id, lambda tx: tx.delete_client(client_id, now=now), reason, now)

    def revoke_tokens(self, client_id: str) -> int:
        """End every grant given to the client, and its own tokens; how many grants. It may go on, and get new ones."""
        now, reason = self._clock.now(), RevokeReason.REVOKED_BY_OPERATOR
        return self._end(Act.CLIENT_REVOKE, client_id, lambda tx: tx.find_client(client_id) is not None, reason, now)

    def block(self, client_id: str) -> int:
        """Block the client and end every grant given to it; how many. It may not register until it is unblocked."""
        now, reason = self._clock.now(), RevokeReason.CLIENT_BLOCKED
        return self._end(Act.CLIENT_BLOCK, client_id, lambda tx: tx.block_client(client_id, now=now), reason, now)

    def unblock(self, client_id: str) -> None:
        """Let the client in again; what ended stays ended."""
        record = record_of(Act.CLIENT_UNBLOCK, at=self._clock.now(), client_id=client_id)

        def intent(tx: ClientTransaction) -> None:
            if not tx.unblock_client(client_id):
                raise NotFound(say("no_client", client_id=client_id))
            tx.record_act(record)

        self._store.write(intent)

    def _end(
        self, act: Act, client_id: str, write: Callable[[ClientTransaction], bool], reason: RevokeReason, now: int
    ) -> int:
        record = record_of(act, at=now, client_id=client_id)

        def intent(tx: ClientTransaction) -> int:
            if not write(tx):
                raise NotFound(say("no_client", client_id=client_id))
            tx.record_act(record)
            return end_grants_of_client(tx, client_id, reason=reason, now=now)

        return self._store.write(intent)
