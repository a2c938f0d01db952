"""The page on which a user lets a device in (RFC 8628 §3.3): the code, then the question of the browser flow."""

from dataclasses import dataclass, replace
from typing import Protocol

from core.domain.audit.act import Act, Result
from core.domain.audit.record import AuditIntents, record_of
from core.domain.authorization.device_authorization import (
    DeviceAuthorization,
    DeviceAuthorizationFacts,
    DeviceAuthorizationIntents,
    DeviceState,
)
from core.domain.authorization.device_clients import require_device_flow
from core.domain.authorization.device_endpoint import user_code_tags
from core.domain.authorization.endpoint import require_clients_enabled
from core.domain.authorization.parameters import find_one
from core.domain.authorization.scope import describe_scopes, known_scope
from core.domain.authorization.sealed_request import RequestSeal
from core.domain.authorization.user_code import find_user_code, show_user_code
from core.domain.clients.client import Client, ClientFacts
from core.domain.clock import Clock
from core.domain.errors import InvalidClient, InvalidRequest, LoginRequired, UnknownUserCode
from core.domain.grants.grant import Grant, GrantIntents, GrantState
from core.domain.grants.user_code_attempts import UserCodeAttempts
from core.domain.keys.master_key import MasterKeys
from core.domain.limits.rate import LimitIntents
from core.domain.policy import Policy, PolicySource, Scope
from core.domain.sessions.login import Logins, actor_of
from core.domain.sessions.session import SessionFacts
from core.domain.tokens.resource import require_resources
from core.domain.users.user import User
from core.domain.writing import Writes

#: What device pages are sealed for; an authorization request's seal opens none of them.
DEVICE_PAGE = b"device page"
#: For how long the same decision gets the same answer again, in seconds.
_SECOND_CLICK = 10
_UNKNOWN = "the code is unknown, expired or used"
_SIGNED_OUT = "you have been signed out: open the page again"
_DECIDED = "this request has expired or been decided before: start again on your device"


@dataclass(frozen=True, slots=True)
class DeviceLogin:
    """Ask the user to log in; `sealed_page` brings them back."""

    sealed_page: str


@dataclass(frozen=True, slots=True)
class DeviceForm:
    """Ask for the code."""

    sealed_page: str
    user: User
    #: As people see it; empty where the page was opened without a code, or with what can be none.
    user_code: str


@dataclass(frozen=True, slots=True)
class DevicePrompt:
    """Ask the user to decide."""

    sealed_page: str
    user: User
    #: As people see it, to be compared with what the device shows.
    user_code: str
    client: Client
    scopes: tuple[Scope, ...]
    resources: tuple[str, ...]


class DeviceConsentTransaction(
    GrantIntents,
    DeviceAuthorizationFacts,
    DeviceAuthorizationIntents,
    SessionFacts,
    ClientFacts,
    LimitIntents,
    AuditIntents,
    Protocol,
):
    """What codes and decisions read and write."""


class DeviceConsentStore(Writes[DeviceConsentTransaction], Protocol):
    """What the page needs of a store."""


class DeviceConsent:
    """Every step of the page."""

    def __init__(
        self,
        store: DeviceConsentStore,
        logins: Logins,
        seal: RequestSeal,
        master_keys: MasterKeys,
        policy: PolicySource,
        clock: Clock,
    ) -> None:
        """`seal` is one for DEVICE_PAGE."""
        self._store = store
        self._logins = logins
        self._seal = seal
        self._master_keys = master_keys
        self._policy = policy
        self._clock = clock
        self._attempts = UserCodeAttempts(policy, clock)

    def open(self, typed: str, *, session_token: str, browser_binding: bytes) -> DeviceLogin | DeviceForm:
        """The page as it is opened, with the code of a link or without one. No code is looked for: a link decides
        nothing, and whoever makes others open it learns nothing and uses up nobody's tries.

        Raises:
            ClientsDisabled, DeviceFlowDisabled: the operator switched it off.
        """
        self._require_switched_on()
        code = find_user_code(typed) or ""
        sealed = self._seal.seal([("user_code", code)], browser_binding)
        user = self._logins.find_user(session_token)
        if user is None:
            return DeviceLogin(sealed)
        return DeviceForm(sealed, user, show_user_code(code) if code else "")

    def parameters_after_login(self, sealed: str, browser_binding: bytes) -> tuple[tuple[str, str], ...]:
        """The page to go on with once the user has logged in, or out.

        Raises:
            InvalidRequest: it has expired, or is another browser's.
        """
        self._require_switched_on()
        opened = self._seal.require_open(sealed, browser_binding)
        return tuple(pair for pair in opened.parameters if pair[0] == "user_code")

    def enter(
        self, typed: str, *, session_token: str, browser_binding: bytes, network_address: str
    ) -> DeviceLogin | DevicePrompt:
        """The question that belongs to a code.

        Raises:
            UnknownUserCode: unknown, expired or used, or its client is gone.
            TooManyAttempts: the wrong codes of the user, the network or everybody are used up.
            ClientsDisabled, DeviceFlowDisabled: the operator switched it off.
        """
        policy = self._require_switched_on()
        code, user = find_user_code(typed), self._logins.find_user(session_token)
        if user is None:
            return DeviceLogin(self._seal.seal([("user_code", code or "")], browser_binding))
        if code is None:
            raise UnknownUserCode(_UNKNOWN)
        tags = user_code_tags(code, self._master_keys)
        found = self._store.write(lambda tx: self._find(tx, tags, user, network_address))
        if found is None:
            raise UnknownUserCode(_UNKNOWN)
        asked, client = found
        sealed = self._seal.seal([("user_code", code), ("device", asked.id.hex())], browser_binding)
        scopes = describe_scopes(asked.scope, policy)
        return DevicePrompt(sealed, user, show_user_code(code), client, scopes, asked.resources)

    def _find(
        self, tx: DeviceConsentTransaction, tags: tuple[bytes, bytes], user: User, network_address: str
    ) -> tuple[DeviceAuthorization, Client] | None:
        """A try is spent before anything is looked for, and given back for a code that is good."""
        self._attempts.spend(tx, user.subject, network_address)
        asked = tx.find_undecided(tags, now=self._clock.now())
        client = None if asked is None else tx.find_client(asked.client_id)
        if asked is None or client is None or client.blocked:
            return None
        self._attempts.give_back(tx, user.subject, network_address)
        return asked, client

    def decide(self, sealed: str, *, session_token: str, browser_binding: bytes, approved: bool) -> None:
        """Check everything again and record the decision; a yes makes the grant. A request is decided once: the same
        decision of the same user within 10 s is a second click, and no error.

        Raises:
            LoginRequired: the session has ended.
            InvalidRequest: the sealed page or the request has expired, or was decided before.
            InvalidClient, InvalidScope, InvalidTarget: what was right when the page was shown is so no longer.
        """
        policy = self._require_switched_on()
        user = self._logins.find_user(session_token)
        if user is None:
            raise LoginRequired(_SIGNED_OUT)
        opened = self._seal.require_open(sealed, browser_binding)
        device_id = bytes.fromhex(find_one(opened.parameters, "device") or "")
        record = record_of(
            Act.DEVICE_CONSENT,
            at=self._clock.now(),
            result=Result.SUCCEEDED if approved else Result.DENIED,
            actor=actor_of(user),
            subject=user.subject,
            target=device_id.hex(),
        )

        def intent(tx: DeviceConsentTransaction) -> None:
            # Signing out or a new password may have come between the look at the session and this moment.
            if not self._logins.is_live(tx, session_token, user.subject):
                raise LoginRequired(_SIGNED_OUT)
            decided = self._decide(tx, device_id, user.subject, policy, approved)
            if decided is not None:
                tx.record_act(replace(record, client_id=decided.client_id))

        self._store.write(intent)

    def _decide(
        self, tx: DeviceConsentTransaction, device_id: bytes, subject: str, policy: Policy, approved: bool
    ) -> DeviceAuthorization | None:
        """The request, decided; None where it had been decided like that a moment before."""
        now, state = self._clock.now(), DeviceState.APPROVED if approved else DeviceState.DENIED
        decided = tx.decide_device_authorization(device_id, state=state, subject=subject, now=now)
        if decided is None:
            if not _is_second_click(tx.find_device_authorization(device_id), state, subject, now):
                raise InvalidRequest(_DECIDED)
        elif approved:
            client = tx.find_client(decided.client_id)
            known_scope(" ".join(decided.scope), policy, () if client is None else client.terms.scope)
            require_resources(decided.resources, policy)
            if not tx.create_grant(_grant_of(decided, subject, policy, now)):
                raise InvalidClient("this server no longer lets in the app that asks, or you")
        return decided

    def _require_switched_on(self) -> Policy:
        policy = self._policy.current
        require_clients_enabled(policy)
        require_device_flow(policy)
        return policy


def _is_second_click(asked: DeviceAuthorization | None, state: DeviceState, subject: str, now: int) -> bool:
    if asked is None or asked.decided_at is None:
        return False
    return asked.state is state and asked.subject == subject and now - asked.decided_at <= _SECOND_CLICK


def _grant_of(decided: DeviceAuthorization, subject: str, policy: Policy, now: int) -> Grant:
    return Grant(
        id=decided.id,
        secret=decided.secret,
        client_id=decided.client_id,
        subject=subject,
        scope=decided.scope,
        resources=decided.resources,
        # No browser goes back to a device: there is neither a redirect URI nor anything that came by one.
        redirect_uri="",
        code_challenge="",
        state=GrantState.PENDING,
        generation=0,
        attempt_id=None,
        created_at=now,
        # Who decides at the last moment must not be told that all is well while the device finds that it is too late.
        code_expires_at=max(decided.expires_at, now + policy.code_lifetime),
        rotated_at=None,
        idle_expires_at=now + policy.refresh_token_lifetime,
        expires_at=now + policy.grant_lifetime,
    )
