"""Token revocation (RFC 7009): whichever of its tokens is named, the whole grant ends."""

from collections.abc import Callable
from typing import Protocol

from core.domain.audit.act import Act, ActorKind
from core.domain.audit.origin import Actor
from core.domain.audit.record import AuditIntents, AuditRecord, record_of
from core.domain.authorization.endpoint import require_clients_enabled
from core.domain.clients.authentication import AssertionIntents, ClientAuthentication, ClientCredentials
from core.domain.clients.client import Client
from core.domain.clock import Clock
from core.domain.errors import InvalidRequest
from core.domain.grants.grant import Grant, GrantFacts, RevokeReason
from core.domain.grants.revoking import RevokingTransaction, revoke_grant
from core.domain.keys.key_ring import KeyRing
from core.domain.keys.master_key import MasterKeys
from core.domain.policy import PolicySource
from core.domain.tokens.access_token import LONGEST_LIFETIME, find_access_token
from core.domain.tokens.change import ChangeKind
from core.domain.tokens.grant_token import TokenKind, find_grant_token, verify_grant_token
from core.domain.tokens.validation import Validation
from core.domain.writing import Writes


class RevocationTransaction(RevokingTransaction, AssertionIntents, AuditIntents, Protocol):
    """What revocation writes."""


class RevocationStore(GrantFacts, Writes[RevocationTransaction], Protocol):
    """What revocation needs of a store."""


class Revocation:
    """Ends grants for the clients that hold them."""

    def __init__(
        self,
        authentication: ClientAuthentication,
        store: RevocationStore,
        keys: KeyRing,
        validation: Validation,
        master_keys: MasterKeys,
        policy: PolicySource,
        clock: Clock,
    ) -> None:
        self._authentication = authentication
        self._store = store
        self._keys = keys
        self._validation = validation
        self._master_keys = master_keys
        self._policy = policy
        self._clock = clock

    def revoke(self, token: str, credentials: ClientCredentials) -> bool:
        """End the token's grant if it is this client's; whether anything ended. Returns after the commit.

        Raises:
            InvalidClient: RFC 7009 §2.1.
            InvalidRequest: no token.
        """
        require_clients_enabled(self._policy.current)
        proven = self._authentication.authenticate(credentials)
        if not token:
            raise InvalidRequest("token is missing")
        end = self._find_end(token, proven.client)
        if end is None and proven.assertion is None:
            return False

        def intent(tx: RevocationTransaction) -> bool:
            proven.claim(tx)
            return end is not None and end(tx)

        return self._store.write(intent)

    def _find_end(self, token: str, client: Client) -> Callable[[RevocationTransaction], bool] | None:
        """What ends the token; None where it is nobody's or another client's."""
        now, grant = self._clock.now(), self._find_grant(token)
        if grant is None:
            return self._find_own_end(token, client, now)
        if grant.client_id != client.client_id:
            return None
        reason = RevokeReason.REVOKED_BY_CLIENT
        record = _record(client, grant.subject, grant.id.hex(), now)

        def end(tx: RevocationTransaction) -> bool:
            if revoke_grant(tx, grant.id, reason=reason, now=now) is None:
                return False
            tx.record_act(record)
            return True

        return end

    def _find_own_end(self, text: str, client: Client, now: int) -> Callable[[RevocationTransaction], bool] | None:
        """A token that is the client's own has no grant: what is written is its end alone, where it has not ended."""
        token = find_access_token(text, self._keys, self._policy.current.issuer)
        if token is None or token.subject != client.client_id or self._validation.is_ended(token):
            return None

        record = _record(client, "", token.grant_id, now)

        def end(tx: RevocationTransaction) -> bool:
            tx.record_act(record)
            tx.record_change(ChangeKind.GRANT_REVOKED, token.grant_id, now=now, keep_until=now + LONGEST_LIFETIME)
            return True

        return end

    def _find_grant(self, token: str) -> Grant | None:
        for kind in TokenKind:
            parsed = find_grant_token(token, kind)
            if parsed is not None:
                grant = self._store.find_grant(parsed.grant_id)
                genuine = grant is not None and verify_grant_token(parsed, self._master_keys, grant.secret)
                return grant if genuine else None
        access_token = find_access_token(token, self._keys, self._policy.current.issuer)
        return self._store.find_grant(bytes.fromhex(access_token.grant_id)) if access_token else None


def _record(client: Client, subject: str, target: str, now: int) -> AuditRecord:
    return record_of(
        Act.REVOCATION,
        at=now,
        actor=Actor(ActorKind.CLIENT, client.client_id),
        subject=subject,
        client_id=client.client_id,
        target=target,
    )
