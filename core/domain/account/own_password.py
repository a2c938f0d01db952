"""A new password, for who knows the old one; guessing the old one here is guessing it at the login."""

from typing import Protocol

from core.domain.account.own_record import own_record
from core.domain.account.page import AccountPage
from core.domain.administration.ending import EndingTransaction, end_grants_of_subject
from core.domain.audit.act import Act
from core.domain.audit.record import AuditIntents
from core.domain.clock import Clock
from core.domain.errors import LoginFailed, Refusal
from core.domain.grants.grant import RevokeReason
from core.domain.limits.rate import LimitIntents
from core.domain.sessions.login import find_token_hash
from core.domain.sessions.login_attempts import LoginAttempts, Try
from core.domain.sessions.session import SessionFacts
from core.domain.users.password import Passwords
from core.domain.users.user import User, UserFacts, UserIntents
from core.domain.writing import Writes

_WRONG = "the old password is wrong"


class PasswordTransaction(
    UserFacts, UserIntents, SessionFacts, EndingTransaction, LimitIntents, AuditIntents, Protocol
):
    """What a new password reads and writes."""


class PasswordStore(Writes[PasswordTransaction], Protocol):
    """What a new password needs of a store."""


class OwnPassword:
    """Changes it."""

    def __init__(
        self, store: PasswordStore, page: AccountPage, passwords: Passwords, attempts: LoginAttempts, clock: Clock
    ) -> None:
        self._store = store
        self._page = page
        self._passwords = passwords
        self._attempts = attempts
        self._clock = clock

    def change(
        self, old: str, new: str, *, session_token: str, network_address: str, disconnect_apps: bool
    ) -> tuple[int, int]:
        """Set the new password, end every session but this one, forget the user's browsers and, if told so, end every
        grant; how many sessions and grants.

        Raises:
            LoginRequired: the session has ended.
            SignedInElsewhere: the user has no password here.
            LoginFailed: the old password is wrong.
            TooManyAttempts: the tries that this session has are used up.
            InvalidArgument: the new password is too short or too long.
            TemporarilyUnavailable: too many are being checked.
        """
        user, now = self._page.require_user_with_password(session_token), self._clock.now()
        record = own_record(Act.PASSWORD_SET, user, now, target=user.username)
        new_hash, tried = self._verify_and_hash(user, old, new, session_token, network_address)

        def intent(tx: PasswordTransaction) -> tuple[int, int]:
            session = self._page.require_live(tx, session_token, user)
            require_unchanged(tx, user)
            tx.set_password_hash(user.subject, new_hash)
            tx.record_act(record)
            self.forgive(tx, tried)
            tx.forget_browsers(user.subject, now=now)
            sessions = tx.delete_other_sessions(session)
            if not disconnect_apps:
                return sessions, 0
            reason = RevokeReason.PASSWORD_CHANGED
            return sessions, end_grants_of_subject(tx, user.subject, reason=reason, now=now)

        return self._store.write(intent)

    def verify(self, user: User, password: str, session_token: str, network_address: str) -> Try:
        """Pass who knows the password. A try is spent first, and given back where the password was not looked at; what
        follows forgives the rest of them with `forgive`, which takes what this returns.

        Raises:
            LoginFailed: it is wrong.
            TooManyAttempts: the tries that this session has are used up.
            TemporarilyUnavailable: too many are being checked.
        """
        session_id = find_token_hash(session_token) or b""
        tried = self._attempts.count_signed_in(user.username_key, network_address, user.subject, session_id)
        try:
            verified = self._passwords.verify(user.password_hash, password)
        except Refusal:
            self._give_back(tried)
            raise
        if not verified:
            raise LoginFailed(_WRONG)
        return tried

    def forgive(self, tx: LimitIntents, tried: Try) -> None:
        """After a right password: this network and this session have all their tries for the account again."""
        self._attempts.forgive(tx, tried)

    def _verify_and_hash(
        self, user: User, old: str, new: str, session_token: str, network_address: str
    ) -> tuple[str, Try]:
        tried = self.verify(user, old, session_token, network_address)
        try:
            return self._passwords.hash(new), tried
        except Refusal:
            self._give_back(tried)
            raise

    def _give_back(self, tried: Try) -> None:
        self._store.write(lambda tx: self._attempts.give_back(tx, tried))


def require_unchanged(tx: UserFacts, user: User) -> None:
    """Pass while the password that was verified is the user's, as the transaction that acts sees it.

    Raises:
        LoginFailed: it was changed meanwhile.
    """
    current = tx.find_user(user.subject)
    if current is None or current.password_hash != user.password_hash:
        raise LoginFailed(_WRONG)
