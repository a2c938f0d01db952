"""Users, as operators add, change and end them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from core.domain.administration.ending import EndingTransaction, end_grants_of_subject
from core.domain.audit.act import Act
from core.domain.audit.record import AuditIntents, AuditRecord, record_of
from core.domain.clock import Clock
from core.domain.errors import AlreadyExists, NotFound
from core.domain.factors.passkey import Passkey, PasskeyFacts
from core.domain.factors.second_factor import SecondFactorIntents
from core.domain.grants.grant import RevokeReason
from core.domain.randomness import Randomness
from core.domain.sayings import say
from core.domain.tokens.access_token import LONGEST_LIFETIME
from core.domain.tokens.change import ChangeKind
from core.domain.users.groups import change_of_groups, parse_groups
from core.domain.users.password import Passwords
from core.domain.users.user import User, UserFacts, UserIntents, parse_username, username_key
from core.domain.writing import Writes


class UserTransaction(UserFacts, UserIntents, SecondFactorIntents, EndingTransaction, AuditIntents, Protocol):
    """What operators' acts on users write."""


class UserStore(UserFacts, PasskeyFacts, Writes[UserTransaction], Protocol):
    """What operators' acts on users need of a store."""


class UserAdministration:
    """Every act on a user. Names are compared without regard to case; an unknown one raises NotFound."""

    def __init__(self, store: UserStore, passwords: Passwords, clock: Clock, randomness: Randomness) -> None:
        self._store = store
        self._passwords = passwords
        self._clock = clock
        self._randomness = randomness

    def create(self, username: str, password: str, groups: Iterable[str]) -> User:
        """Add a user.

        Raises:
            AlreadyExists: the name is taken.
            InvalidArgument: an unusable name or group, or a password that is too short.
        """
        user = self._new_user(username, password, groups)
        record = self._record(Act.USER_CREATE, user, reason=change_of_groups((), user.groups))
        if not self._store.write(lambda tx: _create(tx, user, record)):
            raise AlreadyExists(f"there is a user {user.username} already")
        return user

    def create_first(self, username: str, password: str, groups: Iterable[str]) -> bool:
        """Add the very first user of a new database; False when it ever had one."""
        user = self._new_user(username, password, groups)
        record = self._record(Act.USER_CREATE, user, reason=change_of_groups((), user.groups))
        return self._store.write(lambda tx: tx.claim_first_user() and _create(tx, user, record))

    def get(self, username: str) -> User:
        """The user with this name."""
        user = self._store.find_user_by_name(username_key(username))
        if user is None:
            raise NotFound(say("no_user", username=username))
        return user

    def list(self, *, limit: int, after: str, containing: str = "") -> Sequence[User]:
        """Users by name, those that come after the name `after`; those alone whose name holds `containing`."""
        if containing:
            return self._store.search_users(username_key(containing), limit=limit, after_key=username_key(after))
        return self._store.list_users(limit=limit, after_key=username_key(after))

    def disable(self, username: str) -> tuple[User, int]:
        """End everything of the user's and let them log in no more; the user, and how many grants ended."""
        user, now = self.get(username), self._clock.now()
        record = self._record(Act.USER_DISABLE, user)

        def intent(tx: UserTransaction) -> int:
            _require(tx.disable_user(user.subject, now=now), username)
            tx.record_act(record)
            tx.delete_sessions_of_subject(user.subject)
            tx.forget_browsers(user.subject, now=now)
            return end_grants_of_subject(tx, user.subject, reason=RevokeReason.USER_DISABLED, now=now)

        ended = self._store.write(intent)
        return self.get(username), ended

    def enable(self, username: str) -> User:
        """Let the user log in again; what ended stays ended."""
        user = self.get(username)
        record = self._record(Act.USER_ENABLE, user)
        self._store.write(lambda tx: self._change(tx, user, tx.enable_user(user.subject), record))
        return self.get(username)

    def set_groups(self, username: str, groups: Iterable[str]) -> User:
        """Replace the user's groups; the next validation returns the new ones."""
        user, kept = self.get(username), parse_groups(groups)
        record = self._record(Act.GROUPS_SET, user)

        def intent(tx: UserTransaction) -> None:
            before = tx.find_user(user.subject)
            told = replace(record, reason=change_of_groups(before.groups if before else (), kept))
            self._change(tx, user, tx.set_groups(user.subject, kept), told)

        self._store.write(intent)
        return self.get(username)

    def sign_out(self, username: str) -> int:
        """End every session of the user's and forget their browsers; how many sessions. What they connected stays
        connected."""
        user, now = self.get(username), self._clock.now()
        record = self._record(Act.USER_SIGN_OUT, user)

        def intent(tx: UserTransaction) -> int:
            tx.record_act(record)
            tx.forget_browsers(user.subject, now=now)
            return tx.delete_sessions_of_subject(user.subject)

        return self._store.write(intent)

    def revoke_tokens(self, username: str) -> int:
        """End every grant and token of the user's; how many grants. They may connect again."""
        user, now = self.get(username), self._clock.now()

        record = self._record(Act.USER_REVOKE, user)

        def intent(tx: UserTransaction) -> int:
            _require(tx.find_user(user.subject) is not None, username)
            tx.record_act(record)
            return end_grants_of_subject(tx, user.subject, reason=RevokeReason.REVOKED_BY_OPERATOR, now=now)

        return self._store.write(intent)

    def set_password(self, username: str, password: str, *, keep_grants: bool) -> int:
        """Set a new password, end the user's sessions and, unless told otherwise, their grants; how many ended."""
        user, now = self.get(username), self._clock.now()
        password_hash, record = self._passwords.hash(password), self._record(Act.PASSWORD_SET, user)

        def intent(tx: UserTransaction) -> int:
            _require(tx.set_password_hash(user.subject, password_hash), username)
            tx.record_act(record)
            tx.delete_sessions_of_subject(user.subject)
            tx.forget_browsers(user.subject, now=now)
            if keep_grants:
                return 0
            return end_grants_of_subject(tx, user.subject, reason=RevokeReason.PASSWORD_CHANGED, now=now)

        return self._store.write(intent)

    def reset_second_factor(self, username: str) -> bool:
        """Let a password alone sign the user in, for who has lost telephone and passkeys; False where it did before.

        Their sessions end: whoever has the lost thing may have begun one (OWASP ASVS, NIST SP 800-63B).
        """
        user, now = self.get(username), self._clock.now()
        record = self._record(Act.SECOND_FACTOR_RESET, user)

        def intent(tx: UserTransaction) -> bool:
            # With what was lost, a browser may be.
            _require(tx.forget_browsers(user.subject, now=now), username)
            reset = tx.delete_second_factors(user.subject)
            if reset:
                tx.record_act(record)
                tx.delete_sessions_of_subject(user.subject)
            return reset

        return self._store.write(intent)

    def list_passkeys(self, user: User) -> Sequence[Passkey]:
        """The user's, oldest first."""
        return self._store.list_passkeys(user.subject)

    def remove_passkeys(self, username: str) -> int:
        """Remove every passkey of the user's, for who has lost them, and end their sessions; how many passkeys. With
        the last second factor the recovery codes are gone, too."""
        user, now = self.get(username), self._clock.now()
        record = self._record(Act.USER_PASSKEYS_REMOVE, user)

        def intent(tx: UserTransaction) -> int:
            _require(tx.forget_browsers(user.subject, now=now), username)
            removed = tx.delete_passkeys(user.subject)
            tx.delete_idle_recovery_codes(user.subject)
            if removed:
                tx.record_act(record)
                tx.delete_sessions_of_subject(user.subject)
            return removed

        return self._store.write(intent)

    def delete(self, username: str) -> int:
        """Delete the user and end everything of theirs; how many grants ended."""
        user, now = self.get(username), self._clock.now()
        record = self._record(Act.USER_DELETE, user)

        def intent(tx: UserTransaction) -> int:
            _require(tx.delete_user(user.subject), username)
            tx.record_act(record)
            tx.delete_second_factors(user.subject)
            tx.delete_sessions_of_subject(user.subject)
            return end_grants_of_subject(tx, user.subject, reason=RevokeReason.USER_DELETED, now=now)

        return self._store.write(intent)

    def _new_user(self, username: str, password: str, groups: Iterable[str]) -> User:
        name = parse_username(username)
        return User(
            subject=self._randomness.token_bytes(16).hex(),
            username=name,
            username_key=username_key(name),
            password_hash=self._passwords.hash(password),
            groups=parse_groups(groups),
            created_at=self._clock.now(),
        )

    def _record(self, act: Act, user: User, reason: str = "") -> AuditRecord:
        return record_of(act, at=self._clock.now(), reason=reason, subject=user.subject, target=user.username)

    def _change(self, tx: UserTransaction, user: User, found: bool, record: AuditRecord) -> None:
        _require(found, user.username)
        tx.record_act(record)
        now = self._clock.now()
        tx.record_change(ChangeKind.SUBJECT_CHANGED, user.subject, now=now, keep_until=now + LONGEST_LIFETIME)


def _create(tx: UserTransaction, user: User, record: AuditRecord) -> bool:
    if not tx.create_user(user):
        return False
    tx.record_act(record)
    return True


def _require(found: bool, username: str) -> None:
    if not found:
        raise NotFound(say("no_user", username=username))
