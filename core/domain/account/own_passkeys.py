"""A user's passkeys: added and removed with the password, named at will.

A passkey signs in by itself, and after a password it is the second step. With the first second factor of a user come
recovery codes, whichever kind it is: who loses it is not locked out.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from core.domain.account.own_password import OwnPassword, PasswordTransaction, require_unchanged
from core.domain.account.own_record import own_record
from core.domain.account.page import AccountPage
from core.domain.audit.act import Act
from core.domain.clock import Clock
from core.domain.errors import FailedPrecondition, InvalidArgument, InvalidRequest, NotFound, PasskeyFailed
from core.domain.factors.authenticator_names import find_authenticator_name
from core.domain.factors.challenge import KEPT_FOR, Ceremony, Challenges
from core.domain.factors.passkey import LONGEST_NAME, MOST_PASSKEYS, Passkey
from core.domain.factors.recovery_code import digest_recovery_code, new_recovery_codes
from core.domain.factors.relying_party import RelyingParty, find_relying_party_now
from core.domain.factors.second_factor import SecondFactorFacts, SecondFactorIntents
from core.domain.factors.webauthn_ceremonies import CreatedCredential, creation_options, verify_creation
from core.domain.policy import PolicySource
from core.domain.randomness import Randomness
from core.domain.sessions.session import Session
from core.domain.users.user import User
from core.domain.writing import Writes

_USER_HANDLE_BYTES = 32
_PASSKEY_ID_BYTES = 8


class OwnPasskeysTransaction(PasswordTransaction, SecondFactorFacts, SecondFactorIntents, Protocol):
    """What is written."""


class OwnPasskeysStore(SecondFactorFacts, Writes[OwnPasskeysTransaction], Protocol):
    """What is needed of a store."""


class OwnPasskeys:
    """Every act on them."""

    def __init__(
        self,
        store: OwnPasskeysStore,
        page: AccountPage,
        password: OwnPassword,
        challenges: Challenges,
        policy: PolicySource,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._store = store
        self._page = page
        self._password = password
        self._challenges = challenges
        self._policy = policy
        self._clock = clock
        self._randomness = randomness

    @property
    def available(self) -> bool:
        """Whether passkeys can be added here, and sign in."""
        return find_relying_party_now(self._policy.current) is not None

    def list(self, *, session_token: str) -> Sequence[Passkey]:
        """All of the user's, oldest first.

        Raises:
            LoginRequired: the session has ended.
            SignedInElsewhere: the user has no password here.
        """
        return self._store.list_passkeys(self._page.require_user_with_password(session_token).subject)

    def begin(
        self, password: str, *, session_token: str, browser_binding: bytes, network_address: str
    ) -> tuple[str, str]:
        """What the browser makes a credential with (PublicKeyCredentialCreationOptionsJSON), and a sealed value that
        comes back with it within 10 minutes.

        Raises:
            LoginRequired, LoginFailed, TooManyAttempts, TemporarilyUnavailable: as `OwnPassword.change`.
            FailedPrecondition: there are none here, or the user has as many as there may be.
            InvalidArgument: the binding is not 32 bytes.
        """
        user, relying_party = self._page.require_user_with_password(session_token), self._require_relying_party()
        passkeys = self._store.list_passkeys(user.subject)
        if len(passkeys) >= MOST_PASSKEYS:
            raise FailedPrecondition(f"there are {MOST_PASSKEYS} passkeys already: remove one first")
        tried = self._password.verify(user, password, session_token, network_address)

        def intent(tx: OwnPasskeysTransaction) -> Session:
            session = self._page.require_live(tx, session_token, user)
            require_unchanged(tx, user)
            self._password.forgive(tx, tried)
            return session

        session = self._store.write(intent)
        # One for all of a user's: an authenticator keeps one passkey for each (WebAuthn Level 3 §5.4.3).
        handle = passkeys[0].user_handle if passkeys else self._randomness.token_bytes(_USER_HANDLE_BYTES)
        challenge, sealed = self._challenges.new(
            Ceremony.ADDING, browser_binding, session=session.session_id, handle=handle.hex()
        )
        return creation_options(relying_party, user.username, handle, challenge, passkeys), sealed

    def add(
        self, response: str, sealed: str, name: str, proposed_name: str, *, session_token: str, browser_binding: bytes
    ) -> tuple[Passkey, Sequence[str]]:
        """Take the credential that the browser has made; and the recovery codes, which are never told again, where it
        is the user's first second factor. Without a `name` that can be used it has its authenticator's, or else the
        proposed one: the authenticator keeps it already, and a refusal would leave it there for nothing.

        Raises:
            LoginRequired: the session has ended.
            SignedInElsewhere: the user has no password here.
            InvalidRequest: the sealed value has expired, was used before, or is another session's or browser's.
            PasskeyFailed: what came back proves nothing (WebAuthn Level 3 §7.1), or is somebody's passkey already.
            InvalidArgument: none of the names can be used.
        """
        user, relying_party = self._page.require_user_with_password(session_token), self._require_relying_party()
        challenge = self._challenges.require_open(Ceremony.ADDING, sealed, browser_binding)
        created = verify_creation(response, challenge.value, relying_party)
        wanted = _find_name(name) or find_authenticator_name(created.aaguid) or _parse_name(proposed_name)
        passkey = self._new(user, created, bytes.fromhex(challenge.about["handle"]), wanted)
        codes = new_recovery_codes(self._randomness)
        record = own_record(Act.PASSKEY_ADD, user, passkey.created_at, target=passkey.passkey_id)

        def intent(tx: OwnPasskeysTransaction) -> bool:
            session = self._page.require_live(tx, session_token, user)
            if session.session_id != challenge.about["session"]:
                raise InvalidRequest("this page belongs to another login: start again")
            if not tx.claim_challenge(challenge.value, forgotten_at=passkey.created_at + KEPT_FOR):
                raise InvalidRequest("this page was used before: start again")
            is_first = not tx.has_second_factor(user.subject)
            if not tx.add_passkey(passkey):
                raise PasskeyFailed("the passkey is known already, or there are too many")
            if is_first:
                tx.replace_recovery_codes(user.subject, [digest_recovery_code(code) for code in codes])
            tx.record_act(record)
            return is_first

        return passkey, codes if self._store.write(intent) else ()

    def rename(self, passkey_id: str, name: str, *, session_token: str) -> None:
        """Give it another name.

        Raises:
            LoginRequired: the session has ended.
            SignedInElsewhere: the user has no password here.
            NotFound: the user has none like that.
            InvalidArgument: the name cannot be used.
        """
        user, parsed = self._page.require_user_with_password(session_token), _parse_name(name)
        self._act(
            Act.PASSKEY_RENAME,
            passkey_id,
            user,
            session_token,
            lambda tx: tx.rename_passkey(passkey_id, user.subject, parsed),
        )

    def remove(self, passkey_id: str, password: str, *, session_token: str, network_address: str) -> None:
        """It signs nobody in any more, and every session but this one ends: its device may be in other hands. With the
        last second factor the recovery codes are gone, too.

        Raises:
            LoginRequired, LoginFailed, TooManyAttempts, TemporarilyUnavailable: as `OwnPassword.change`.
            NotFound: the user has none like that.
        """
        user = self._page.require_user_with_password(session_token)
        tried = self._password.verify(user, password, session_token, network_address)

        def delete(tx: OwnPasskeysTransaction) -> bool:
            require_unchanged(tx, user)
            self._password.forgive(tx, tried)
            deleted = tx.delete_passkey(passkey_id, user.subject)
            tx.delete_idle_recovery_codes(user.subject)
            tx.delete_other_sessions(self._page.require_live(tx, session_token, user))
            return deleted

        self._act(Act.PASSKEY_REMOVE, passkey_id, user, session_token, delete)

    def _act(
        self,
        act: Act,
        passkey_id: str,
        user: User,
        session_token: str,
        do: Callable[[OwnPasskeysTransaction], bool],
    ) -> None:
        record = own_record(act, user, self._clock.now(), target=passkey_id)

        def intent(tx: OwnPasskeysTransaction) -> None:
            self._page.require_live(tx, session_token, user)
            if not do(tx):
                raise NotFound("there is no such passkey")
            tx.record_act(record)

        self._store.write(intent)

    def _new(self, user: User, created: CreatedCredential, handle: bytes, name: str) -> Passkey:
        return Passkey(
            passkey_id=self._randomness.token_bytes(_PASSKEY_ID_BYTES).hex(),
            subject=user.subject,
            credential_id=created.credential_id,
            user_handle=handle,
            public_key=created.public_key,
            sign_count=created.sign_count,
            aaguid=created.aaguid,
            transports=created.transports,
            backup_eligible=created.backup_eligible,
            backed_up=created.backed_up,
            name=name,
            created_at=self._clock.now(),
        )

    def _require_relying_party(self) -> RelyingParty:
        relying_party = find_relying_party_now(self._policy.current)
        if relying_party is None:
            raise FailedPrecondition("there are no passkeys on this server")
        return relying_party


def _find_name(text: str) -> str:
    name = " ".join(text[: LONGEST_NAME * 4].split())
    return name if len(name) <= LONGEST_NAME and name.isprintable() else ""


def _parse_name(text: str) -> str:
    name = _find_name(text)
    if not name:
        raise InvalidArgument(f"a passkey's name is 1 to {LONGEST_NAME} printable characters")
    return name
