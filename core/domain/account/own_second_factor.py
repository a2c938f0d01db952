"""Switching codes by the clock on and off, and recovery codes; each asks for the password once more."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from core.domain.account.own_password import OwnPassword, PasswordTransaction, require_unchanged
from core.domain.account.own_record import own_record
from core.domain.account.page import AccountPage
from core.domain.audit.act import Act
from core.domain.clock import Clock
from core.domain.errors import FailedPrecondition, SecondFactorFailed
from core.domain.factors.recovery_code import digest_recovery_code, new_recovery_codes
from core.domain.factors.second_factor import SecondFactorFacts, SecondFactorIntents
from core.domain.factors.totp import TotpSecrets, provisioning_uri
from core.domain.policy import PolicySource
from core.domain.randomness import Randomness
from core.domain.users.user import User
from core.domain.writing import Writes

D = TypeVar("D")


class OwnSecondFactorTransaction(PasswordTransaction, SecondFactorFacts, SecondFactorIntents, Protocol):
    """What is written."""


class OwnSecondFactorStore(SecondFactorFacts, Writes[OwnSecondFactorTransaction], Protocol):
    """What is needed of a store."""


@dataclass(frozen=True, slots=True)
class SecondFactorState:
    """How it stands with one user."""

    #: When it was switched on, in seconds since the epoch; None while it is off.
    on_since: int | None
    recovery_codes_left: int
    #: A password alone signs the user in no more: it is on, or there is a passkey.
    has_second_factor: bool
    #: The secret that waits for its first code, in Base32, and the same as an otpauth URI; both empty where none waits.
    waiting_secret: str = field(default="", repr=False)
    waiting_uri: str = field(default="", repr=False)


class OwnSecondFactor:
    """Every act on it."""

    def __init__(
        self,
        store: OwnSecondFactorStore,
        page: AccountPage,
        password: OwnPassword,
        secrets: TotpSecrets,
        policy: PolicySource,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._store = store
        self._page = page
        self._password = password
        self._secrets = secrets
        self._policy = policy
        self._clock = clock
        self._randomness = randomness

    def look(self, *, session_token: str) -> SecondFactorState:
        """How it stands. A secret is told while it waits for its first code, and never again.

        Raises:
            LoginRequired: the session has ended.
            SignedInElsewhere: the user has no password here.
        """
        user = self._page.require_user_with_password(session_token)
        totp = self._store.find_totp(user.subject)
        left = self._store.count_recovery_codes(user.subject)
        wanted = self._store.has_second_factor(user.subject)
        if totp is None or totp.confirmed_at is not None:
            return SecondFactorState(None if totp is None else totp.confirmed_at, left, wanted)
        secret = self._secrets.find_secret(totp) or ""
        issuer = self._policy.current.issuer.partition("://")[2]
        uri = provisioning_uri(secret, user.username, issuer) if secret else ""
        return SecondFactorState(None, left, wanted, secret, uri)

    def begin(self, *, session_token: str) -> None:
        """Make a secret that waits for its first code; another one that waited is none any more.

        Raises:
            LoginRequired: the session has ended.
            SignedInElsewhere: the user has no password here.
            FailedPrecondition: it is on.
        """
        user = self._page.require_user_with_password(session_token)
        totp = self._secrets.new(user.subject, self._clock.now())

        def intent(tx: OwnSecondFactorTransaction) -> None:
            self._page.require_live(tx, session_token, user)
            if not tx.begin_totp(totp):
                raise FailedPrecondition("codes are on: switch them off first")

        self._store.write(intent)

    def confirm(self, code: str, password: str, *, session_token: str, network_address: str) -> list[str]:
        """Switch it on with the first code of the secret that waits; the recovery codes, which are never told again.
        There are none where the user has some already, with passkeys: those stay good.

        Raises:
            LoginRequired, LoginFailed, TooManyAttempts, TemporarilyUnavailable: as `OwnPassword.change`.
            SecondFactorFailed: the code is not one of now, or no secret waits.
        """
        user, now = self._page.require_user_with_password(session_token), self._clock.now()
        totp = self._store.find_totp(user.subject)
        step = None if totp is None else self._secrets.find_step(totp, "".join(code[:64].split()), now)

        def switch_on(tx: OwnSecondFactorTransaction) -> bool:
            is_first = not tx.has_second_factor(user.subject)
            if totp is None or step is None or not tx.confirm_totp(totp, step=step, now=now):
                raise SecondFactorFailed("the code is not good")
            return is_first

        return self._act_with_codes(Act.SECOND_FACTOR_ON, user, password, session_token, network_address, switch_on)

    def renew_recovery_codes(self, password: str, *, session_token: str, network_address: str) -> list[str]:
        """New ones, which are never told again; the old ones are good no more.

        Raises:
            LoginRequired, LoginFailed, TooManyAttempts, TemporarilyUnavailable: as `OwnPassword.change`.
            FailedPrecondition: it is off.
        """
        user = self._page.require_user_with_password(session_token)

        def require_on(tx: OwnSecondFactorTransaction) -> bool:
            if not tx.has_second_factor(user.subject):
                raise FailedPrecondition("there is no second factor")
            return True

        return self._act_with_codes(
            Act.RECOVERY_CODES_RENEW, user, password, session_token, network_address, require_on
        )

    def switch_off(self, password: str, *, session_token: str, network_address: str) -> None:
        """No code is asked for any more, and none signs in; a secret that waits is gone, too. What passkeys there are
        stay, and with them the recovery codes. Every session but this one ends.

        Raises:
            LoginRequired, LoginFailed, TooManyAttempts, TemporarilyUnavailable: as `OwnPassword.change`.
        """
        user = self._page.require_user_with_password(session_token)

        def act(tx: OwnSecondFactorTransaction) -> None:
            tx.delete_totp(user.subject)
            tx.delete_idle_recovery_codes(user.subject)
            tx.delete_other_sessions(self._page.require_live(tx, session_token, user))

        self._act(Act.SECOND_FACTOR_OFF, user, password, session_token, network_address, act)

    def _act_with_codes(
        self,
        act: Act,
        user: User,
        password: str,
        session_token: str,
        network_address: str,
        do: Callable[[OwnSecondFactorTransaction], bool],
    ) -> list[str]:
        """`do` tells whether there are new codes."""
        codes = new_recovery_codes(self._randomness)

        def intent(tx: OwnSecondFactorTransaction) -> bool:
            wanted = do(tx)
            if wanted:
                tx.replace_recovery_codes(user.subject, [digest_recovery_code(code) for code in codes])
            return wanted

        return codes if self._act(act, user, password, session_token, network_address, intent) else []

    def _act(
        self,
        act: Act,
        user: User,
        password: str,
        session_token: str,
        network_address: str,
        do: Callable[[OwnSecondFactorTransaction], D],
    ) -> D:
        record = own_record(act, user, self._clock.now(), target=user.username)
        tried = self._password.verify(user, password, session_token, network_address)

        def intent(tx: OwnSecondFactorTransaction) -> D:
            self._page.require_live(tx, session_token, user)
            require_unchanged(tx, user)
            done = do(tx)
            self._password.forgive(tx, tried)
            tx.record_act(record)
            return done

        return self._store.write(intent)
