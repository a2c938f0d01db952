"""What a user has connected, by client, and ending it: with one act every token is good no more."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from core.domain.account.own_record import own_record
from core.domain.account.page import AccountPage
from core.domain.administration.ending import EndingTransaction, end_grants_of_subject
from core.domain.audit.act import Act
from core.domain.audit.record import AuditIntents
from core.domain.authorization.scope import describe_scopes
from core.domain.clients.client import Client, ClientFacts
from core.domain.clock import Clock
from core.domain.grants.grant import Grant, GrantFacts, RevokeReason
from core.domain.grants.revoking import revoke_grants_of_client_and_subject
from core.domain.policy import PolicySource, Scope
from core.domain.sessions.session import SessionFacts
from core.domain.users.user import User
from core.domain.writing import Writes

_PAGE = 500
#: Of what is shown at once.
MOST_APPS = 50


class DisconnectingTransaction(EndingTransaction, SessionFacts, AuditIntents, Protocol):
    """What disconnecting reads and writes."""


class ConnectedAppStore(GrantFacts, ClientFacts, Writes[DisconnectingTransaction], Protocol):
    """What connected apps need of a store."""


@dataclass(frozen=True, slots=True)
class ConnectedApp:
    """Every live grant that one user gave one client. Times are seconds since the epoch."""

    client_id: str
    #: None where it has been forgotten meanwhile.
    client: Client | None
    #: Where the answer to the newest grant went; empty for a device.
    redirect_uri: str
    connected_at: int
    #: When it last fetched a token.
    last_used_at: int
    installs: int
    scopes: tuple[Scope, ...]
    resources: tuple[str, ...]
    #: One of them is good at every service.
    everywhere: bool


class ConnectedApps:
    """Lists and ends them."""

    def __init__(self, store: ConnectedAppStore, page: AccountPage, policy: PolicySource, clock: Clock) -> None:
        self._store = store
        self._page = page
        self._policy = policy
        self._clock = clock

    def list(self, user: User, *, skip: int = 0) -> tuple[Sequence[ConnectedApp], int]:
        """MOST_APPS of the user's after the first `skip`, the one that was used last first; how many more there are."""
        grants: dict[str, list[Grant]] = {}
        for grant in self._live_grants(user.subject):
            grants.setdefault(grant.client_id, []).append(grant)
        ordered = sorted(grants.items(), key=lambda item: _last_used_at(item[1]), reverse=True)
        wanted = ordered[skip : skip + MOST_APPS]
        return [self._app(*item) for item in wanted], max(len(ordered) - skip - MOST_APPS, 0)

    def disconnect(self, client_id: str, *, session_token: str) -> int:
        """End every grant that the session's user gave the client; how many were live. Returns after the commit.

        Raises:
            LoginRequired: the session has ended.
        """
        user, now = self._page.require_user(session_token), self._clock.now()
        record = own_record(Act.DISCONNECT, user, now, client_id=client_id)

        def intent(tx: DisconnectingTransaction) -> int:
            self._page.require_live(tx, session_token, user)
            reason = RevokeReason.REVOKED_BY_USER
            ended = revoke_grants_of_client_and_subject(tx, client_id, user.subject, reason=reason, now=now)
            if ended:
                tx.record_act(record)
            return ended

        return self._store.write(intent)

    def disconnect_all(self, *, session_token: str) -> int:
        """End every grant of the session's user; how many were live. Returns after the commit.

        Raises:
            LoginRequired: the session has ended.
        """
        user, now = self._page.require_user(session_token), self._clock.now()
        record = own_record(Act.DISCONNECT, user, now)

        def intent(tx: DisconnectingTransaction) -> int:
            self._page.require_live(tx, session_token, user)
            tx.record_act(record)
            return end_grants_of_subject(tx, user.subject, reason=RevokeReason.REVOKED_BY_USER, now=now)

        return self._store.write(intent)

    def _live_grants(self, subject: str) -> Sequence[Grant]:
        now, found = self._clock.now(), list[Grant]()
        before: tuple[int, bytes] | None = None
        while True:
            page = self._store.list_grants(subject=subject, client_id=None, live_at=now, limit=_PAGE, before=before)
            found.extend(page)
            if len(page) < _PAGE:
                return found
            before = (page[-1].created_at, page[-1].id)

    def _app(self, client_id: str, grants: Sequence[Grant]) -> ConnectedApp:
        """`grants` are the newest first."""
        scopes = tuple(dict.fromkeys(chain.from_iterable(grant.scope for grant in grants)))
        resources = dict.fromkeys(chain.from_iterable(grant.resources for grant in grants))
        return ConnectedApp(
            client_id=client_id,
            client=self._store.find_client(client_id),
            redirect_uri=grants[0].redirect_uri,
            connected_at=grants[-1].created_at,
            last_used_at=_last_used_at(grants),
            installs=len(grants),
            scopes=describe_scopes(scopes, self._policy.current),
            resources=tuple(resources),
            everywhere=any(not grant.resources for grant in grants),
        )


def _last_used_at(grants: Sequence[Grant]) -> int:
    return max(grant.rotated_at or grant.created_at for grant in grants)
