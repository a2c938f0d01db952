"""Logging in with a passkey: in place of user name and password, or as the second step after a password.

A challenge is used up before anything is verified, and costs a try that a good answer gives back: one of the account's,
as `factor_attempts` counts them. Of a passkey that nobody has there is nothing to verify, and nothing is written: the
challenge stays, which tells whoever has a credential ID, random bytes that nobody guesses, that it is nobody's. What
else is refused tells nobody which part was wrong: a disabled user and a bad signature are one and the same.
"""

from typing import TypeAlias

from core.domain.clock import Clock
from core.domain.errors import (
    InvalidRequest,
    LocalUsersOff,
    LoginFailed,
    PasskeyCountedBack,
    PasskeyFailed,
    Refusal,
)
from core.domain.factors.challenge import KEPT_FOR, Ceremony, Challenge, Challenges
from core.domain.factors.passkey import Passkey
from core.domain.factors.relying_party import RelyingParty, find_relying_party_now
from core.domain.factors.webauthn_ceremonies import Assertion, parse_assertion, request_options
from core.domain.policy import PolicySource
from core.domain.sessions.factor_attempts import Factor, FactorTries
from core.domain.sessions.login import Logins, enter, record_of_login, require_as_verified
from core.domain.sessions.second_factor_login import (
    PendingLogin,
    SecondFactorLogins,
    SecondFactorStore,
    SecondFactorTransaction,
)
from core.domain.sessions.session import Session, SignInMethod
from core.domain.users.user import User

_NOT_GOOD = "the passkey is not good"

#: What a browser asks its authenticator with (PublicKeyCredentialRequestOptionsJSON), and what comes back with its
#: answer within 10 minutes.
Offer: TypeAlias = tuple[str, str]


class PasskeyLogins:
    """Asks for passkeys, and takes them."""

    def __init__(
        self,
        store: SecondFactorStore,
        logins: Logins,
        second_factors: SecondFactorLogins,
        challenges: Challenges,
        policy: PolicySource,
        clock: Clock,
    ) -> None:
        self._store = store
        self._logins = logins
        self._second_factors = second_factors
        self._challenges = challenges
        self._policy = policy
        self._clock = clock

    def offer(self, browser_binding: bytes) -> Offer | None:
        """For whoever may come: nobody's passkeys are named. None where there are none at all.

        Raises:
            InvalidArgument: the binding is not 32 bytes.
        """
        relying_party = find_relying_party_now(self._policy.current)
        if relying_party is None or not self._store.has_passkeys():
            return None
        challenge, sealed = self._challenges.new(Ceremony.LOGIN, browser_binding)
        return request_options(relying_party, challenge, user_verification=True), sealed

    def log_in(
        self,
        response: str,
        sealed: str,
        *,
        browser_binding: bytes,
        network_address: str,
        previous_token: str,
        remembered: str = "",
    ) -> tuple[str, Session]:
        """Start a session for whoever's passkey it is; both factors in one, since its user was verified. `remembered`
        is as in `Logins.log_in`.

        Raises:
            InvalidRequest: the sealed value has expired, was used before, or is another browser's.
            PasskeyFailed: the answer proves nothing (WebAuthn Level 3 §7.2), or its user is disabled.
            TooManyAttempts: what this network has for the account's passkeys is used up, and what a remembered browser
                has.
            LocalUsersOff: the operator switched off that users sign in here.
        """
        relying_party = self._require_relying_party()
        challenge = self._challenges.require_open(Ceremony.LOGIN, sealed, browser_binding)
        assertion = parse_assertion(response)
        passkey = self._require_known(assertion)
        user = self._store.find_user(passkey.subject)
        if user is None:
            raise PasskeyFailed(_NOT_GOOD)
        try:
            tries = self._tries(Factor.PASSKEY, user, network_address, remembered)
            self._claim(challenge, tries)
            # §7.2 step 6: without a user name the handle says who it is, and has to.
            if assertion.user_handle != passkey.user_handle:
                raise PasskeyFailed(_NOT_GOOD)
            verified = assertion.verify(passkey, challenge.value, relying_party, user_verification=True)
            token, session = self._logins.new_session(user.subject, network_address, SignInMethod.PASSKEY)
            self._enter(user, passkey, verified, session, tries, previous_token)
            return token, session
        except Refusal as refusal:
            refusal.subject = passkey.subject
            raise

    def offer_second_factor(self, pending: PendingLogin, browser_binding: bytes) -> Offer | None:
        """For the user whose password was right; None where they have none.

        Raises:
            InvalidRequest: the password has changed since, or the user is disabled.
        """
        user = self._second_factors.require_user(pending)
        relying_party = find_relying_party_now(self._policy.current)
        passkeys = self._store.list_passkeys(user.subject)
        if relying_party is None or not passkeys:
            return None
        challenge, sealed = self._challenges.new(Ceremony.SECOND_FACTOR, browser_binding, subject=user.subject)
        return request_options(relying_party, challenge, passkeys, user_verification=False), sealed

    def prove(
        self,
        pending: PendingLogin,
        response: str,
        sealed: str,
        *,
        browser_binding: bytes,
        network_address: str,
        previous_token: str,
        remembered: str = "",
    ) -> tuple[str, Session]:
        """Take a passkey of the user whose password was right, and start a session. `remembered` is as in
        `Logins.log_in`.

        Raises:
            InvalidRequest, PasskeyFailed, TooManyAttempts, LocalUsersOff: as `log_in`, counted apart; also where the
                password has changed since.
        """
        user, relying_party = self._second_factors.require_user(pending), self._require_relying_party()
        try:
            challenge = self._challenges.require_open(Ceremony.SECOND_FACTOR, sealed, browser_binding)
            tries = self._tries(Factor.PASSKEY_STEP, user, network_address, remembered)
            self._claim(challenge, tries, subject=user.subject)
            assertion = parse_assertion(response)
            passkey = self._require_known(assertion)
            # §7.2 step 6: of those that were asked for. An authenticator that was told them need not say whose it is.
            if passkey.subject != user.subject or assertion.user_handle not in (b"", passkey.user_handle):
                raise PasskeyFailed(_NOT_GOOD)
            verified = assertion.verify(passkey, challenge.value, relying_party, user_verification=False)
            method = SignInMethod.PASSWORD_AND_PASSKEY
            token, session = self._logins.new_session(user.subject, network_address, method)
            self._enter(user, passkey, verified, session, tries, previous_token)
            return token, session
        except Refusal as refusal:
            refusal.subject = user.subject
            raise

    def _tries(self, factor: Factor, user: User, network_address: str, remembered: str) -> FactorTries:
        return FactorTries(factor, user, network_address, self._logins.browsers.find_id(remembered, user))

    def _claim(self, challenge: Challenge, tries: FactorTries, **about: str) -> None:
        """Use the challenge up and a try, whatever comes of it; where no try is left, neither."""
        forgotten_at, now_ms = self._clock.now() + KEPT_FOR, self._clock.now_ms()

        def intent(tx: SecondFactorTransaction) -> bool:
            if not tx.claim_challenge(challenge.value, forgotten_at=forgotten_at):
                return False
            tries.take(tx, now_ms)
            return True

        if dict(challenge.about) != about or not self._store.write(intent):
            raise InvalidRequest("this page was used before: start again")

    def _require_known(self, assertion: Assertion) -> Passkey:
        passkey = self._store.find_passkey(assertion.credential_id)
        if passkey is None:
            raise PasskeyFailed(_NOT_GOOD)
        return passkey

    def _enter(
        self,
        user: User,
        passkey: Passkey,
        verified: tuple[int, bool],
        session: Session,
        tries: FactorTries,
        previous_token: str,
    ) -> None:
        sign_count, backed_up = verified
        now_ms = self._clock.now_ms()
        record = record_of_login(user, session, passkey.passkey_id)

        def intent(tx: SecondFactorTransaction) -> None:
            require_as_verified(tx, user)
            if not tx.use_passkey(passkey, sign_count=sign_count, backed_up=backed_up, now=session.created_at):
                still_there = tx.find_passkey(passkey.credential_id) is not None
                raise PasskeyCountedBack(_NOT_GOOD) if still_there else PasskeyFailed(_NOT_GOOD)
            enter(tx, user, session, previous_token, record)
            tries.clear(tx)
            tries.know(tx, now_ms)
            self._logins.attempts.know(tx, user.username_key, session.network_address)

        try:
            self._store.write(intent)
        except LoginFailed:
            raise PasskeyFailed(_NOT_GOOD) from None

    def _require_relying_party(self) -> RelyingParty:
        relying_party = find_relying_party_now(self._policy.current)
        if relying_party is None:
            raise LocalUsersOff("nobody signs in with a passkey here")
        return relying_party
