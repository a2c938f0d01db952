"""Token revocation (RFC 7009): whichever of its tokens is named, the whole grant ends."""

from typing import Protocol

from core.domain.authorization.endpoint import require_clients_enabled
from core.domain.clients.authentication import AuthenticationFacts, ClientCredentials, authenticate_client
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


class RevocationStore(AuthenticationFacts, GrantFacts, Writes[RevokingTransaction], Protocol):
    """What revocation needs of a store."""


class Revocation:
    """Ends grants for the clients that hold them."""

    def __init__(
        self,
        store: RevocationStore,
        keys: KeyRing,
        validation: Validation,
        master_keys: MasterKeys,
        policy: PolicySource,
        clock: Clock,
    ) -> None:
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
        client = authenticate_client(credentials, self._store)
        if not token:
            raise InvalidRequest("token is missing")
        grant = self._find_grant(token)
        if grant is None:
            return self._revoke_own(token, client)
        if grant.client_id != client.client_id:
            return False
        now = self._clock.now()
        revoked = self._store.write(
            lambda tx: revoke_grant(tx, grant.id, reason=RevokeReason.REVOKED_BY_CLIENT, now=now)
        )
        return revoked is not None

    def _revoke_own(self, text: str, client: Client) -> bool:
        """A token that is the client's own has no grant: what is written is its end alone, where it has not ended."""
        token = find_access_token(text, self._keys, self._policy.current.issuer)
        if token is None or token.subject != client.client_id or self._validation.is_ended(token):
            return False
        now = self._clock.now()

        def intent(tx: RevokingTransaction) -> None:
            tx.record_change(ChangeKind.GRANT_REVOKED, token.grant_id, now=now, keep_until=now + LONGEST_LIFETIME)

        self._store.write(intent)
        return True

    def _find_grant(self, token: str) -> Grant | None:
        for kind in TokenKind:
            parsed = find_grant_token(token, kind)
            if parsed is not None:
                grant = self._store.find_grant(parsed.grant_id)
                genuine = grant is not None and verify_grant_token(parsed, self._master_keys, grant.secret)
                return grant if genuine else None
        access_token = find_access_token(token, self._keys, self._policy.current.issuer)
        return self._store.find_grant(bytes.fromhex(access_token.grant_id)) if access_token else None
