"""Logging in and out. A login always makes a new session, and what it refuses tells nobody which part was wrong."""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import replace
from typing import Protocol

from core.domain.audit.act import Act, ActorKind
from core.domain.audit.origin import Actor
from core.domain.audit.record import AuditIntents, AuditRecord, record_of
from core.domain.clock import Clock, lies_ahead
from core.domain.errors import LocalUsersOff, LoginFailed, Refusal, TemporarilyUnavailable
from core.domain.factors.second_factor import SecondFactorFacts
from core.domain.limits.known_network import know_network
from core.domain.limits.rate import LimitIntents
from core.domain.policy import PolicySource
from core.domain.randomness import Randomness
from core.domain.sessions.login_attempts import LoginAttempts, Try
from core.domain.sessions.remembered_browser import RememberedBrowsers
from core.domain.sessions.session import Session, SessionFacts, SessionIntents, SignInMethod
from core.domain.users.password import Passwords
from core.domain.users.user import User, UserFacts, UserIntents, username_key
from core.domain.writing import Writes

_TOKEN_BYTES = 32
_FAILED = "user name or password is wrong"


class SessionOwnerFacts(UserFacts, SessionFacts, Protocol):
    """What tells whose a session is."""


class SessionBeginning(SessionIntents, LimitIntents, Protocol):
    """What beginning a session writes."""


class LoginTransaction(
    UserFacts, UserIntents, SessionFacts, SessionIntents, SecondFactorFacts, LimitIntents, AuditIntents, Protocol
):
    """What a login writes."""


class LoginStore(UserFacts, SessionFacts, Writes[LoginTransaction], Protocol):
    """What logins need of a store."""


class SecondFactorWanted(Exception):
    """The password is right, and a code has to be, too: no session has begun."""

    def __init__(self, user: User) -> None:
        super().__init__("a second factor is wanted")
        #: With the password's hash as it now is.
        self.user = user


class Logins:
    """Local users' logins and the sessions they make."""

    def __init__(
        self,
        store: LoginStore,
        passwords: Passwords,
        policy: PolicySource,
        clock: Clock,
        randomness: Randomness,
        browsers: RememberedBrowsers,
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._policy = policy
        #: Those in which users have signed in before.
        self.browsers = browsers
        self.attempts = LoginAttempts(store, policy, clock)
        self._clock = clock
        self._randomness = randomness

    def log_in(
        self, username: str, password: str, *, network_address: str, previous_token: str, remembered: str = ""
    ) -> tuple[str, Session]:
        """Check the password and start a session; the session token and the session. `remembered` is what the browser
        keeps from `RememberedBrowsers`.

        The session that the browser had before ends, so that a planted session cannot be logged in to.

        Raises:
            LoginFailed: wrong name, wrong password or disabled account.
            TooManyAttempts: the tries of a remembered browser are used up, and those of the account or the network.
            LocalUsersOff: the operator switched passwords off.
            SecondFactorWanted: all is right so far, and no session has begun.
        """
        self.require_local_users()
        key = username_key(username)
        user = self._store.find_user_by_name(key)
        try:
            browser_id = self.browsers.find_id(remembered, user)
            subject = "" if user is None else user.subject
            tried = self.attempts.count(key, network_address, subject, browser_id=browser_id)
            return self._log_in(user, tried, password, network_address, previous_token)
        except Refusal as refusal:
            # Whose account it is, is for the audit trail alone; what was typed as a name may be a password.
            refusal.subject = "" if user is None else user.subject
            raise

    def _log_in(
        self, user: User | None, tried: Try, password: str, network_address: str, previous_token: str
    ) -> tuple[str, Session]:
        try:
            verified = self._passwords.verify(user.password_hash if user else None, password)
        except TemporarilyUnavailable:
            self._store.write(lambda tx: self.attempts.give_back(tx, tried))
            raise
        if not verified or user is None:
            raise LoginFailed(_FAILED)
        rehashed = self._passwords.hash(password) if self._passwords.needs_rehash(user.password_hash) else None
        token, session = self.new_session(user.subject, network_address, SignInMethod.PASSWORD)
        record = record_of_login(user, session)
        current = user if rehashed is None else replace(user, password_hash=rehashed)

        def intent(tx: LoginTransaction) -> bool:
            require_as_verified(tx, user)
            self.attempts.forgive(tx, tried)
            if rehashed is not None:
                tx.set_password_hash(user.subject, rehashed)
            # Looked at here and nowhere before: one that was switched on a moment ago is asked for.
            if tx.has_second_factor(user.subject):
                return False
            enter(tx, current, session, previous_token, record)
            return True

        if not self._store.write(intent):
            raise SecondFactorWanted(current)
        return token, session

    def require_local_users(self) -> None:
        """Pass while users sign in here, at whichever step.

        Raises:
            LocalUsersOff: the operator switched passwords off.
        """
        if not self._policy.current.upstream.local_users:
            raise LocalUsersOff("nobody signs in with a password here")

    def log_out(self, token: str) -> None:
        """End the session, if there is one."""
        token_hash = find_token_hash(token)
        user = self.find_user(token)
        if token_hash is None:
            return
        record = (
            None
            if user is None
            else record_of(Act.LOGOUT, at=self._clock.now(), actor=actor_of(user), subject=user.subject)
        )

        def intent(tx: LoginTransaction) -> None:
            if tx.delete_session(token_hash) and record is not None:
                tx.record_act(record)

        self._store.write(intent)

    def is_live(self, facts: SessionFacts, token: str, subject: str) -> bool:
        """Whether the session is this user's and has not ended, as `facts` (a transaction, say) see it."""
        session = self.find_session(facts, token)
        return session is not None and session.subject == subject

    def find_user(self, token: str) -> User | None:
        """The active user whose session this is; None when it has ended or never was."""
        return self.find_user_by(self._store, token)

    def find_user_by(self, facts: SessionOwnerFacts, token: str) -> User | None:
        """As `find_user`, as `facts` (a transaction, say) see it."""
        session = self.find_session(facts, token)
        user = facts.find_user(session.subject) if session else None
        return user if user is not None and user.active else None

    def find_session(self, facts: SessionFacts, token: str) -> Session | None:
        """The session with this token, as `facts` (a transaction, say) see it; None when it has ended or never was."""
        return find_live_session(facts, token, self._clock.now())

    def remember_browser(self, token: str) -> str:
        """What the browser of this session keeps, as `RememberedBrowsers` has it; empty where the session has ended."""
        session = self.find_session(self._store, token)
        return "" if session is None else self.browsers.remember(session)

    def new_session(self, subject: str, network_address: str, method: SignInMethod) -> tuple[str, Session]:
        """What a login makes: a token that nobody else has seen, and the session to be written."""
        secret = self._randomness.token_bytes(_TOKEN_BYTES)
        now = self._clock.now()
        expires_at = now + self._policy.current.session_lifetime
        token_hash = hashlib.sha256(secret).digest()
        return _format_token(secret), Session(token_hash, subject, now, expires_at, network_address, method)


def find_live_session(facts: SessionFacts, token: str, now: int) -> Session | None:
    """The session with this token; None when it has ended at `now` (seconds since the epoch), or never was."""
    token_hash = find_token_hash(token)
    session = facts.find_session(token_hash, now=now) if token_hash else None
    return None if session is None or lies_ahead(session.created_at, now) else session


def actor_of(user: User) -> Actor:
    """The user as the audit trail names who acts."""
    return Actor(ActorKind.USER, user.subject, user.username)


def begin_session(tx: SessionBeginning, session: Session, previous_token: str) -> None:
    """Write it down, end the one that the browser had before, and know its network from now on."""
    tx.create_session(session)
    end_session(tx, previous_token)
    know_network(tx, session.network_address, now=session.created_at)


def end_session(tx: SessionIntents, token: str) -> None:
    """End the session that a browser had before, if it had one."""
    token_hash = find_token_hash(token)
    if token_hash is not None:
        tx.delete_session(token_hash)


def require_as_verified(tx: UserFacts, user: User) -> None:
    """Pass while the user is active and the password that was verified is theirs: it was checked against a row read
    before, and must still be the row's in the transaction that acts on it.

    Raises:
        LoginFailed: one of both is so no longer.
    """
    current = tx.find_user(user.subject)
    if current is None or not current.active or current.password_hash != user.password_hash:
        raise LoginFailed(_FAILED)


def enter(tx: LoginTransaction, user: User, session: Session, previous_token: str, record: AuditRecord) -> None:
    """Begin the session of a user who has proven who they are, and end the one that the browser had before.

    Raises:
        LoginFailed: the user is gone or disabled.
    """
    if not tx.record_login(user.subject, now=session.created_at):
        raise LoginFailed(_FAILED)
    begin_session(tx, session, previous_token)
    tx.record_act(record)


def record_of_login(user: User, session: Session, passkey_id: str = "") -> AuditRecord:
    """The record of a login; made before the transaction, for it names the call in progress."""
    return record_of(
        Act.LOGIN,
        at=session.created_at,
        reason=session.method,
        actor=actor_of(user),
        subject=user.subject,
        target=passkey_id,
        network_address=session.network_address,
    )


def find_token_hash(token: str) -> bytes | None:
    """What the store knows a session by; None for what can be no session's token."""
    try:
        secret = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (Base64Error, ValueError):
        return None
    if len(secret) != _TOKEN_BYTES or _format_token(secret) != token:
        return None
    return hashlib.sha256(secret).digest()


def _format_token(secret: bytes) -> str:
    return urlsafe_b64encode(secret).rstrip(b"=").decode()
