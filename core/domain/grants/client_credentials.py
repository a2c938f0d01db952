"""grant_type=client_credentials (RFC 6749 §4.4): a program that asks for itself, on no user's behalf.

Nothing of such a token is stored: it says everything itself, ends by itself, and no refresh token comes with it. What
ends it earlier is its client's end, or a revocation that names it.
"""

from core.domain.authorization.scope import listed_scope
from core.domain.clients.client import Client, note_use, require_known
from core.domain.clock import Clock
from core.domain.grants.token_request import (
    ClientCredentialsParameters,
    OwnIssuance,
    TokenIntent,
    TokenRequest,
    TokenTransaction,
)
from core.domain.policy import Policy
from core.domain.randomness import Randomness
from core.domain.tokens.access_token import LONGEST_LIFETIME
from core.domain.tokens.issuer import Entitlement
from core.domain.tokens.resource import require_resources

#: In place of the grant that the others have.
_ID_BYTES = 16


class ClientCredentialsGrant:
    """Gives clients tokens of their own."""

    name = "client_credentials"

    def __init__(self, clock: Clock, randomness: Randomness) -> None:
        self._clock = clock
        self._randomness = randomness

    def authorize(
        self, parameters: ClientCredentialsParameters, request: TokenRequest, client: Client, policy: Policy
    ) -> TokenIntent:
        """A token whose subject is the client; only clients of operators have this grant type.

        Raises:
            InvalidScope: a scope that is not listed for the client.
            InvalidTarget: RFC 8707 §2.
        """
        scope = listed_scope(parameters.scope, client.terms.scope, policy)
        resources = require_resources(request.resources, policy)
        token_id = self._randomness.token_bytes(_ID_BYTES)
        return lambda tx: self._issue(tx, client, token_id, scope, resources)

    def distrust(self, parameters: ClientCredentialsParameters, request: TokenRequest, client_id: str) -> None:
        """Nothing: whoever is not the client holds nothing of it."""

    def _issue(
        self, tx: TokenTransaction, client: Client, token_id: bytes, scope: tuple[str, ...], resources: tuple[str, ...]
    ) -> OwnIssuance:
        now = self._clock.now()
        # No row of a grant ends with the client, so the client itself is looked at where its end cannot come between.
        note_use(tx, require_known(tx.find_client(client.client_id)), now)
        return OwnIssuance(
            Entitlement(
                subject=client.client_id,
                client_id=client.client_id,
                scope=scope,
                resources=resources,
                grant_id=token_id,
                revision=tx.revision(),
                ends_at=now + LONGEST_LIFETIME,
            )
        )
