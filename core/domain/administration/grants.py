"""Grants, as operators see and end them: who connected what."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from core.domain.administration.uses import GrantUse, GrantUseFacts
from core.domain.administration.verdicts import VerdictCount, VerdictFacts, verdicts_of
from core.domain.audit.act import Act
from core.domain.audit.record import AuditIntents, record_of
from core.domain.clients.client import Client, ClientFacts
from core.domain.clock import Clock
from core.domain.errors import InvalidArgument, NotFound
from core.domain.grants.grant import Grant, GrantFacts, GrantState, RevokeReason
from core.domain.grants.revoking import RevokingTransaction, revoke_grant
from core.domain.sayings import say
from core.domain.users.user import User, UserFacts, username_key
from core.domain.writing import Writes

#: The largest time that a store can compare with.
_LATEST = 2**63 - 1


class GrantTransaction(GrantFacts, RevokingTransaction, AuditIntents, Protocol):
    """What operators' acts on grants write."""


class GrantStore(GrantFacts, GrantUseFacts, VerdictFacts, ClientFacts, UserFacts, Writes[GrantTransaction], Protocol):
    """What operators' acts on grants need of a store."""


@dataclass(frozen=True, slots=True)
class ListedGrant:
    """A grant with the names that people know."""

    grant: Grant
    client: Client | None
    user: User | None
    #: Where it was used; of one that is shown alone.
    uses: Sequence[GrantUse] = ()
    #: What came of its refreshes; of one that is shown alone.
    verdicts: Sequence[VerdictCount] = ()


class GrantAdministration:
    """Every act on a grant."""

    def __init__(self, store: GrantStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def list(
        self, *, username: str, client_id: str, include_ended: bool, limit: int, page_token: str
    ) -> tuple[Sequence[ListedGrant], str]:
        """Grants newest first, and the token of the next page ("" on the last).

        Raises:
            NotFound: there is no such user.
            InvalidArgument: not a page token of ours.
        """
        user = self._store.find_user_by_name(username_key(username)) if username else None
        if username and user is None:
            raise NotFound(say("no_user", username=username))
        grants = self._store.list_grants(
            subject=user.subject if user else None,
            client_id=client_id or None,
            live_at=None if include_ended else self._clock.now(),
            limit=limit + 1,
            before=_parse_page_token(page_token),
        )
        page = grants[:limit]
        return [self._name(grant) for grant in page], _format_page_token(page[-1]) if len(grants) > limit else ""

    def get(self, grant_id: str) -> ListedGrant:
        """The grant with this id, in whatever state.

        Raises:
            InvalidArgument: not 32 hexadecimal digits.
            NotFound: there is none, or it was forgotten.
        """
        grant = self._store.find_grant(_parse_grant_id(grant_id))
        if grant is None:
            raise NotFound(say("no_grant", grant_id=grant_id))
        verdicts = verdicts_of(grant, self._store.list_verdicts(grant.id))
        return replace(self._name(grant), uses=self._store.list_uses(grant.id), verdicts=verdicts)

    def revoke(self, grant_id: str) -> bool:
        """End a grant; False when it had ended before.

        Raises:
            InvalidArgument: not 32 hexadecimal digits.
            NotFound: there is no such grant.
        """
        parsed, now = _parse_grant_id(grant_id), self._clock.now()
        record = record_of(Act.GRANT_REVOKE, at=now, target=parsed.hex())

        def intent(tx: GrantTransaction) -> bool:
            revoked = revoke_grant(tx, parsed, reason=RevokeReason.REVOKED_BY_OPERATOR, now=now)
            if revoked is not None:
                tx.record_act(replace(record, subject=revoked.subject, client_id=revoked.client_id))
                return True
            if tx.find_grant(parsed) is None:
                raise NotFound(say("no_grant", grant_id=grant_id))
            return False

        return self._store.write(intent)

    def _name(self, grant: Grant) -> ListedGrant:
        return ListedGrant(grant, self._store.find_client(grant.client_id), self._store.find_user(grant.subject))


def shown_state(grant: Grant, now: int) -> str:
    """The state as operators should read it: what has run out by itself is `expired`, whatever the row says."""
    if grant.state is GrantState.PENDING and grant.code_expires_at <= now:
        return "expired"
    if grant.state is GrantState.ACTIVE and min(grant.idle_expires_at, grant.expires_at) <= now:
        return "expired"
    return grant.state


def _parse_grant_id(text: str) -> bytes:
    if re.fullmatch(r"[0-9A-Fa-f]{32}", text) is None:
        raise InvalidArgument(say("no_grant_id"))
    return bytes.fromhex(text)


def _format_page_token(grant: Grant) -> str:
    return urlsafe_b64encode(grant.created_at.to_bytes(8, "big") + grant.id).decode()


def _parse_page_token(text: str) -> tuple[int, bytes] | None:
    if not text:
        return None
    if re.fullmatch(r"[A-Za-z0-9_-]{32}", text) is None:
        raise InvalidArgument(say("no_page_token"))
    decoded = urlsafe_b64decode(text)
    created_at = int.from_bytes(decoded[:8], "big")
    if created_at > _LATEST:
        raise InvalidArgument(say("no_page_token"))
    return created_at, decoded[8:]
