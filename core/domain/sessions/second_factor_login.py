"""The second step of a login: a code, after a right password; `passkey_login` takes a passkey in its place.

Between both nothing is stored: the browser has a sealed value that says whose password was right.
"""

import hashlib
from dataclasses import dataclass
from typing import Protocol

from core.domain.clock import Clock
from core.domain.errors import InvalidRequest, Refusal, SecondFactorFailed
from core.domain.factors.recovery_code import find_recovery_digest
from core.domain.factors.second_factor import SecondFactorFacts, SecondFactorIntents
from core.domain.factors.totp import Totp, TotpSecrets
from core.domain.keys.browser_seal import BrowserSeal
from core.domain.keys.master_key import MasterKeys
from core.domain.sessions.factor_attempts import Factor, FactorTries
from core.domain.sessions.login import Logins, LoginTransaction, enter, record_of_login
from core.domain.sessions.session import Session, SignInMethod
from core.domain.users.user import User, UserFacts
from core.domain.writing import Writes

_PURPOSE = b"second factor"
_EXPIRED = "this page has expired or belongs to another browser: sign in again"
_WRONG = "the code is not good"


class SecondFactorTransaction(LoginTransaction, SecondFactorIntents, Protocol):
    """What the second step writes."""


class SecondFactorStore(UserFacts, SecondFactorFacts, Writes[SecondFactorTransaction], Protocol):
    """What the second step needs of a store."""


@dataclass(frozen=True, slots=True)
class PendingLogin:
    """A login whose password was right."""

    subject: str
    #: Of the password that was right.
    fingerprint: str
    #: What the login was shown for, as whoever sealed it says it.
    page: str


class SecondFactorLogins:
    """Seals what is known after the first step, and takes the second."""

    def __init__(
        self, store: SecondFactorStore, logins: Logins, secrets: TotpSecrets, master_keys: MasterKeys, clock: Clock
    ) -> None:
        self._store = store
        self._logins = logins
        self._secrets = secrets
        self._seal = BrowserSeal(master_keys, clock)
        self._clock = clock

    def seal(self, user: User, page: str, browser_binding: bytes) -> str:
        """What brings this browser, and no other, to the second step within 10 minutes.

        Raises:
            InvalidArgument: the binding is not 32 bytes.
        """
        return self._seal.seal(_PURPOSE, {"s": user.subject, "p": _fingerprint(user), "w": page}, browser_binding)

    def require_open(self, sealed: str, browser_binding: bytes) -> PendingLogin:
        """What was sealed.

        Raises:
            InvalidRequest: expired, changed, or sealed for another browser.
        """
        body = self._seal.find(_PURPOSE, sealed, browser_binding)
        if body is None:
            raise InvalidRequest(_EXPIRED)
        return PendingLogin(body["s"], body["p"], body["w"])

    def require_user(self, pending: PendingLogin) -> User:
        """Whose password was right.

        Raises:
            InvalidRequest: it has changed since, or the user is disabled.
        """
        user = self._store.find_user(pending.subject)
        if user is None or not user.active or _fingerprint(user) != pending.fingerprint:
            raise InvalidRequest(_EXPIRED)
        return user

    def has_codes(self, pending: PendingLogin) -> bool:
        """Whether the user has an app for codes."""
        totp = self._store.find_totp(pending.subject)
        return totp is not None and totp.confirmed_at is not None

    def prove(
        self, pending: PendingLogin, code: str, *, network_address: str, previous_token: str, remembered: str = ""
    ) -> tuple[str, Session]:
        """Take a code by the clock, or a recovery code, and start a session, which `Logins.log_in` would have started.
        `remembered` is as there.

        Raises:
            SecondFactorFailed: the code is not one of now, or was used before.
            TooManyAttempts: the account's wrong codes are used up, and those of a remembered browser; those of both
                kinds are counted apart, so that who guesses at one leaves the owner the other.
            InvalidRequest: the password has changed since, or the user is disabled.
            LocalUsersOff: the operator switched passwords off since.
        """
        user = self.require_user(pending)
        try:
            self._logins.require_local_users()
            browser_id = self._logins.browsers.find_id(remembered, user)
            return self._prove(user, code, network_address, previous_token, browser_id)
        except Refusal as refusal:
            refusal.subject = user.subject
            raise

    def _prove(
        self, user: User, code: str, network_address: str, previous_token: str, browser_id: bytes
    ) -> tuple[str, Session]:
        now_ms, now = self._clock.now_ms(), self._clock.now()
        digest = find_recovery_digest(code)
        totp = self._store.find_totp(user.subject)
        step = None if totp is None else self._secrets.find_step(totp, "".join(code[:64].split()), now)
        method = SignInMethod.PASSWORD_AND_CODE if digest is None else SignInMethod.PASSWORD_AND_RECOVERY_CODE
        token, session = self._logins.new_session(user.subject, network_address, method)
        record = record_of_login(user, session)
        factor = Factor.CODE if digest is None else Factor.RECOVERY_CODE
        tries = FactorTries(factor, user, network_address, browser_id)

        def intent(tx: SecondFactorTransaction) -> bool:
            taken = tries.take(tx, now_ms)
            current = tx.find_user(user.subject)
            if current is None or current.password_hash != user.password_hash:
                raise InvalidRequest(_EXPIRED)
            if not _use(tx, user, totp, step, digest):
                # Returned and not raised: the try is spent.
                return False
            tries.give_back(tx, taken)
            tries.know(tx, now_ms)
            enter(tx, user, session, previous_token, record)
            return True

        if not self._store.write(intent):
            raise SecondFactorFailed(_WRONG)
        return token, session


def _use(tx: SecondFactorIntents, user: User, totp: Totp | None, step: int | None, digest: bytes | None) -> bool:
    """Use up what was typed: RFC 6238 §5.2, the second attempt with the same code is refused."""
    if digest is not None:
        return tx.use_recovery_code(user.subject, digest)
    return totp is not None and step is not None and tx.use_totp_step(totp, step=step)


def _fingerprint(user: User) -> str:
    return hashlib.sha256(user.password_hash.encode()).hexdigest()
