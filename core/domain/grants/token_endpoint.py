"""The token endpoint (RFC 6749 §3.2) as one fixed pipeline, so that no grant type can forget a step.

1. pick the grant type  2. authenticate the client  3. may this client use it?  4. the grant type's one transaction
5. issue. Steps 1 to 4 of many requests run before the first one's step 5, so that they share a commit.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

from core.domain.attempt import attempt
from core.domain.audit.act import Act, ActorKind
from core.domain.audit.origin import Actor
from core.domain.audit.record import AuditRecord, record_of
from core.domain.authorization.endpoint import require_clients_enabled
from core.domain.clients.assertion import find_claimed
from core.domain.clients.authentication import AssertionIntents, ClientAuthentication, Proven
from core.domain.clients.client import Client
from core.domain.clock import Clock
from core.domain.correlation import log_each
from core.domain.errors import InvalidClient, InvalidRequest, OAuthError, Refusal, UnauthorizedClient
from core.domain.grants.grant import Grant
from core.domain.grants.redemption import CodeVerdict
from core.domain.grants.refresh_verdict import RefreshVerdict
from core.domain.grants.token_limits import spend_tries, token_limits
from core.domain.grants.token_request import (
    GrantParameters,
    GrantType,
    Issuance,
    OwnIssuance,
    RefreshParameters,
    RefusedGrant,
    TokenIntent,
    TokenRequest,
    TokenResponse,
    TokenTransaction,
    VerdictHeard,
    tell_nobody,
)
from core.domain.keys.master_key import MasterKeys
from core.domain.limits.network import network_of
from core.domain.limits.rate import LimitIntents
from core.domain.policy import Policy, PolicySource
from core.domain.tokens.grant_token import TokenKind, format_grant_token
from core.domain.tokens.issuer import Issuer
from core.domain.writing import Writes

_log = logging.getLogger(__name__)

_ATTEMPT_BYTES = 16


class TokenEndpointTransaction(TokenTransaction, LimitIntents, AssertionIntents, Protocol):
    """What happens inside the one transaction of a request."""


_Outcome: TypeAlias = Issuance | OwnIssuance | RefusedGrant
_Intent: TypeAlias = Callable[[TokenEndpointTransaction], _Outcome]


class TokenEndpointStore(Writes[TokenEndpointTransaction], Protocol):
    """What the pipeline itself needs of a store."""


class TokenEndpoint:
    """Answers token requests, one or many at a time."""

    def __init__(
        self,
        grant_types: dict[type[GrantParameters], GrantType[Any]],
        authentication: ClientAuthentication,
        store: TokenEndpointStore,
        issuer: Issuer,
        master_keys: MasterKeys,
        policy: PolicySource,
        clock: Clock,
        tell: Callable[[AuditRecord], None] | None = None,
        heard: VerdictHeard = tell_nobody,
    ) -> None:
        """`grant_types` says which grant type reads which parameters; a new one is one more entry. What is issued again
        and again is no record of the audit trail's: `tell` is told of it, where somebody wants to know. `heard` is told
        of the verdicts on refresh tokens that are no rotation."""
        self._grant_types = grant_types
        self._authentication = authentication
        self._store = store
        self._issuer = issuer
        self._master_keys = master_keys
        self._policy = policy
        self._clock = clock
        self._tell = tell
        self._heard = heard

    def issue(self, request: TokenRequest, *, within: float | None = None) -> TokenResponse:
        """The tokens; nothing is begun when somebody has waited `within` so many seconds already.

        Raises:
            OAuthError: RFC 6749 §5.2.
            TooManyAttempts, ClientsDisabled, StoreUnavailable
        """
        [outcome] = self.issue_all([request], within=within)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def issue_all(
        self, requests: Sequence[TokenRequest], *, within: float | None = None
    ) -> list[TokenResponse | Exception]:
        """As `issue` for each of them, refusals in their places."""
        policy, known = self._policy.current, dict[str, Client]()
        begun = [attempt(request.correlation_id, self._begin, request, policy, known) for request in requests]
        intents = [each[1] for each in begun if not isinstance(each, Exception)]
        written = iter(self._store.write_all(intents, within=within))
        finished = [
            each
            if isinstance(each, Exception)
            else attempt(request.correlation_id, self._finish, request, next(written), each[0], policy)
            for each, request in zip(begun, requests, strict=True)
        ]
        log_each(
            _log,
            "token issued",
            (
                (request.correlation_id, {"verdict": response.verdict, "client_id": each[0].client_id})
                for each, request, response in zip(begun, requests, finished, strict=True)
                if isinstance(response, TokenResponse) and not isinstance(each, Exception)
            ),
        )
        return finished

    def _begin(self, request: TokenRequest, policy: Policy, known: dict[str, Client]) -> tuple[Client, _Intent]:
        require_clients_enabled(policy)
        grant_type = self._pick_grant_type(request)
        proven = self._authenticate(grant_type, request, known)
        client = proven.client
        try:
            return client, self._begin_grant(grant_type, request, proven, policy)
        except Refusal as refusal:
            refusal.client_id = client.client_id
            raise

    def _begin_grant(
        self, grant_type: GrantType[Any], request: TokenRequest, proven: Proven, policy: Policy
    ) -> _Intent:
        client = proven.client
        if grant_type.name not in client.grant_types:
            raise UnauthorizedClient(f"this client is not registered for {grant_type.name}")
        return self._guard(
            lambda: grant_type.authorize(request.grant, request, client, policy), request, proven, policy
        )

    def _pick_grant_type(self, request: TokenRequest) -> GrantType[Any]:
        if len(request.attempt_id) != _ATTEMPT_BYTES:
            raise InvalidRequest("attempt_id must be 16 bytes")
        return self._grant_types[type(request.grant)]

    def _authenticate(self, grant_type: GrantType[Any], request: TokenRequest, known: dict[str, Client]) -> Proven:
        try:
            return self._authentication.authenticate(request.client, known)
        except InvalidClient:
            claimed = find_claimed(request.client.client_id, request.client.client_assertion)
            grant_type.distrust(request.grant, request, claimed)
            raise

    def _guard(
        self, authorize: Callable[[], TokenIntent], request: TokenRequest, proven: Proven, policy: Policy
    ) -> _Intent:
        """The transaction of the grant type; where there is a limit, or a proof that is good once, it spends a try and
        the proof first."""
        limits = token_limits(policy)
        if not limits and proven.assertion is None:
            return authorize()
        client_id, network = proven.client.client_id, network_of(request.network_address)
        now_ms = self._clock.now_ms()
        try:
            intent = authorize()
        except OAuthError as error:
            # Whoever is refused has tried all the same.
            refusal = RefusedGrant(error)
            intent = lambda tx: refusal  # noqa: E731

        def guarded(tx: TokenEndpointTransaction) -> _Outcome:
            proven.claim(tx)
            spend_tries(tx, limits, client_id, network, request.attempt_id, now_ms=now_ms)
            try:
                return intent(tx)
            except OAuthError as error:
                return RefusedGrant(error)

        return guarded

    def _finish(
        self, request: TokenRequest, outcome: _Outcome | Exception, client: Client, policy: Policy
    ) -> TokenResponse:
        if isinstance(outcome, InvalidClient):
            # Found out inside the transaction: a proof that was used before, or a client that has ended meanwhile.
            self._pick_grant_type(request).distrust(request.grant, request, client.client_id)
        if isinstance(outcome, Exception):
            if isinstance(outcome, Refusal):
                outcome.client_id = client.client_id
            raise outcome
        if isinstance(outcome, RefusedGrant):
            outcome.refusal.client_id = client.client_id
            if outcome.grant_id is not None:
                self._heard(outcome.grant_id, outcome.verdict)
            _log.info("token refused", extra={"verdict": outcome.verdict, "client_id": client.client_id})
            raise outcome.refusal
        grant, entitlement = outcome.grant, outcome.entitlement
        if grant is not None and outcome.verdict is RefreshVerdict.REPLAYED:
            self._heard(grant.id, outcome.verdict)
        access_token = self._issuer.issue_access_token(entitlement, policy)
        refresh_token = self._refresh_token(grant) if grant and "refresh_token" in client.grant_types else None
        if self._tell is not None and outcome.verdict != CodeVerdict.REDEEMED:
            self._tell(_told(request, outcome, client, self._clock.now()))
        return TokenResponse(
            access_token.text,
            access_token.expires_in,
            refresh_token,
            entitlement.scope,
            outcome.verdict,
            entitlement.grant_id,
        )

    def _refresh_token(self, grant: Grant) -> str:
        return format_grant_token(
            TokenKind.REFRESH_TOKEN,
            self._master_keys,
            grant_id=grant.id,
            generation=grant.generation,
            grant_secret=grant.secret,
        )


def _told(request: TokenRequest, outcome: Issuance | OwnIssuance, client: Client, now: int) -> AuditRecord:
    entitlement = outcome.entitlement
    return record_of(
        Act.REFRESH if isinstance(request.grant, RefreshParameters) else Act.TOKEN,
        at=now,
        reason=outcome.verdict,
        actor=Actor(ActorKind.CLIENT, client.client_id),
        subject=entitlement.subject if outcome.grant else "",
        client_id=client.client_id,
        target=entitlement.grant_id.hex(),
        network_address=request.network_address,
        correlation_id=request.correlation_id,
    )
