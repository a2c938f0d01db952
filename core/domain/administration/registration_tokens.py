"""Initial access tokens, as operators make and take them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from core.domain.audit.act import Act
from core.domain.audit.record import AuditIntents, record_of
from core.domain.clients.registration_token import (
    REGISTRATION_TOKEN_PREFIX,
    RegistrationToken,
    RegistrationTokenFacts,
    RegistrationTokenIntents,
)
from core.domain.clock import Clock
from core.domain.errors import FailedPrecondition, InvalidArgument, NotFound
from core.domain.randomness import Randomness
from core.domain.shown_once import SECRET_BYTES, digest_secret, format_secret
from core.domain.writing import Writes

_MOST = 1000
_LONGEST_NOTE = 200
_LONGEST_LIFETIME = 3650 * 24 * 60 * 60
_MOST_USES = 1_000_000


class RegistrationTokenTransaction(RegistrationTokenIntents, AuditIntents, Protocol):
    """What operators' acts on initial access tokens write."""


class RegistrationTokenStore(RegistrationTokenFacts, Writes[RegistrationTokenTransaction], Protocol):
    """What initial access tokens need of a store."""


@dataclass(frozen=True, slots=True)
class NewRegistrationToken:
    """A token at the one moment when it can be read."""

    token: RegistrationToken
    text: str = field(repr=False)


class RegistrationTokenAdministration:
    """Every act on initial access tokens."""

    def __init__(self, store: RegistrationTokenStore, clock: Clock, randomness: Randomness) -> None:
        self._store = store
        self._clock = clock
        self._randomness = randomness

    def create(self, note: str, *, lifetime: int | None, uses: int | None) -> NewRegistrationToken:
        """Make a token that is good for `uses` registrations within `lifetime` seconds; None: without end.

        Raises:
            InvalidArgument: the note is too long, or a number out of bounds.
            FailedPrecondition: there are too many tokens.
        """
        if len(note) > _LONGEST_NOTE:
            raise InvalidArgument(f"a note has at most {_LONGEST_NOTE} characters")
        if lifetime is not None and not 1 <= lifetime <= _LONGEST_LIFETIME:
            raise InvalidArgument("a token is good for 1s to 3650d")
        if uses is not None and not 1 <= uses <= _MOST_USES:
            raise InvalidArgument(f"a token is good for 1 to {_MOST_USES} registrations")
        text, now = (
            format_secret(REGISTRATION_TOKEN_PREFIX, self._randomness.token_bytes(SECRET_BYTES)),
            self._clock.now(),
        )
        token = RegistrationToken(
            token_id=self._randomness.token_bytes(6).hex(),
            note=note,
            digest=digest_secret(text),
            created_at=now,
            expires_at=None if lifetime is None else now + lifetime,
            uses_left=uses,
        )
        record = record_of(Act.REGISTRATION_TOKEN_CREATE, at=now, target=token.token_id)

        def intent(tx: RegistrationTokenTransaction) -> None:
            if not tx.add_registration_token(token, most=_MOST):
                raise FailedPrecondition(f"there are {_MOST} tokens already: remove some first")
            tx.record_act(record)

        self._store.write(intent)
        return NewRegistrationToken(token, text)

    def list(self) -> Sequence[RegistrationToken]:
        """All of them, the oldest first; those that are good for nothing any more, too."""
        return self._store.list_registration_tokens()

    def remove(self, token_id: str) -> None:
        """Take a token away; nobody registers with it when this returns.

        Raises:
            NotFound: there is no such token.
        """
        record = record_of(Act.REGISTRATION_TOKEN_DELETE, at=self._clock.now(), target=token_id)

        def intent(tx: RegistrationTokenTransaction) -> None:
            if not tx.remove_registration_token(token_id):
                raise NotFound(
                    f"there is no registration token {token_id}: see `tokenhouse clients registration-token list`"
                )
            tx.record_act(record)

        self._store.write(intent)
