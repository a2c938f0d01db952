"""The user's yes or no (RFC 6749 §4.1.1): a yes becomes a grant and its code, a no becomes access_denied; once."""

from typing import Protocol

from core.domain.audit.act import Act, Result
from core.domain.audit.record import AuditIntents, AuditRecord, record_of
from core.domain.authorization.endpoint import AuthorizationEndpoint, Redirect, redirect_refusal, redirect_to
from core.domain.authorization.request import AuthorizationRequest
from core.domain.clients.client import BLOCKED, Client, ClientIntents
from core.domain.clients.document_url import names_document
from core.domain.clock import Clock
from core.domain.errors import AccessDenied, ClientBlocked, InvalidRequest, LoginRequired
from core.domain.grants.grant import Grant, GrantFacts, GrantIntents, GrantState
from core.domain.keys.master_key import MasterKeys
from core.domain.policy import PolicySource
from core.domain.randomness import Randomness
from core.domain.sessions.login import Logins, actor_of
from core.domain.sessions.session import SessionFacts
from core.domain.tokens.grant_token import TokenKind, format_grant_token
from core.domain.users.user import User
from core.domain.writing import Writes

_SECRET_BYTES = 32
#: For how long the same decision gets the same answer again, in seconds.
_SECOND_CLICK = 10
_SIGNED_OUT = "you have been signed out: go back to your app and start again"


class ConsentTransaction(GrantFacts, GrantIntents, SessionFacts, ClientIntents, AuditIntents, Protocol):
    """What a decision reads and writes."""


class ConsentStore(Writes[ConsentTransaction], Protocol):
    """What decisions need of a store."""


class Consent:
    """Turns decisions into answers for the client."""

    def __init__(
        self,
        endpoint: AuthorizationEndpoint,
        store: ConsentStore,
        logins: Logins,
        master_keys: MasterKeys,
        policy: PolicySource,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._endpoint = endpoint
        self._store = store
        self._logins = logins
        self._master_keys = master_keys
        self._policy = policy
        self._clock = clock
        self._randomness = randomness

    def decide(self, sealed: str, *, session_token: str, browser_binding: bytes, approved: bool) -> Redirect:
        """Check everything again, store the grant, and answer the client. A sealed request decides once: the same
        decision within 10 s is a second click and gets the same answer.

        Raises:
            LoginRequired: the session has ended.
            InvalidRequest: the sealed request has expired, is another browser's, or was decided before.
            OAuthError: what was right when the page was shown is so no longer.
        """
        user = self._logins.find_user(session_token)
        if user is None:
            raise LoginRequired(_SIGNED_OUT)
        opened, request = self._endpoint.reopen(sealed, browser_binding)
        wanted = self._new_grant(opened.nonce, request, user, approved)
        client = request.recipient.client
        record = record_of(
            Act.CONSENT,
            at=wanted.created_at,
            result=Result.SUCCEEDED if approved else Result.DENIED,
            actor=actor_of(user),
            subject=user.subject,
            client_id=client.client_id,
            target=wanted.id.hex(),
        )
        grant = self._store.write(lambda tx: self._create(tx, wanted, client, session_token, record))
        policy = self._policy.current
        if not approved:
            return redirect_refusal(request.recipient, policy, AccessDenied("the user said no"))
        code = format_grant_token(
            TokenKind.CODE, self._master_keys, grant_id=grant.id, generation=0, grant_secret=grant.secret
        )
        return redirect_to(request.recipient, policy, code=code)

    def _create(
        self, tx: ConsentTransaction, wanted: Grant, client: Client, session_token: str, record: AuditRecord
    ) -> Grant:
        # Signing out or a new password may have come between the look at the session and this moment.
        if not self._logins.is_live(tx, session_token, wanted.subject):
            raise LoginRequired(_SIGNED_OUT)
        # From here on it is known without its document, so that whatever becomes of that, this grant can be used.
        if names_document(client.client_id) and tx.keep_document_client(client).blocked:
            raise ClientBlocked(BLOCKED)
        if tx.create_grant(wanted):
            tx.record_act(record)
            return wanted
        decided = tx.find_grant(wanted.id)
        if decided is None or not _is_same_decision(decided, wanted):
            raise InvalidRequest("this request has been decided before: go back to your app and start again")
        return decided

    def _new_grant(self, nonce: bytes, request: AuthorizationRequest, user: User, approved: bool) -> Grant:
        now, policy = self._clock.now(), self._policy.current
        return Grant(
            id=nonce,
            secret=self._randomness.token_bytes(_SECRET_BYTES),
            client_id=request.recipient.client.client_id,
            subject=user.subject,
            scope=request.scope,
            resources=request.resources,
            redirect_uri=request.recipient.redirect_uri.text,
            code_challenge=request.code_challenge,
            # A no leaves a dead row for an hour, so that the same request cannot be decided twice.
            state=GrantState.PENDING if approved else GrantState.DEAD,
            generation=0,
            attempt_id=None,
            created_at=now,
            code_expires_at=now + policy.code_lifetime,
            rotated_at=None,
            idle_expires_at=now + policy.refresh_token_lifetime,
            expires_at=now + policy.grant_lifetime,
        )


def _is_same_decision(decided: Grant, wanted: Grant) -> bool:
    """A second click on the same button: the browser throws the first answer away, so the second must be the same one.

    The sealed request opens in one browser alone, and the code it stands for works once, however often it is told.
    """
    same = decided.subject == wanted.subject and decided.state is wanted.state
    return same and wanted.created_at - decided.created_at <= _SECOND_CLICK
