"""The grant and its states. One row lives from the consent to the last refresh; every token points back at it."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

#: For how long the same HTTP request gets the same answer again, in seconds.
SAME_ATTEMPT_WINDOW = 10


class GrantState(StrEnum):
    """pending: consented, code not redeemed. active: redeemed. dead: the code failed. revoked: it was ended."""

    PENDING = "pending"
    ACTIVE = "active"
    DEAD = "dead"
    REVOKED = "revoked"


class RevokeReason(StrEnum):
    """Why a grant was ended; operators see it."""

    CODE_REUSED = "code_reused"
    REFRESH_TOKEN_REUSED = "refresh_token_reused"
    REVOKED_BY_CLIENT = "revoked_by_client"
    REVOKED_BY_USER = "revoked_by_user"
    REVOKED_BY_OPERATOR = "revoked_by_operator"
    USER_DISABLED = "user_disabled"
    USER_DELETED = "user_deleted"
    PASSWORD_CHANGED = "password_changed"
    CLIENT_DELETED = "client_deleted"
    CLIENT_BLOCKED = "client_blocked"
    RESTORED = "restored"
    #: Of a newer version, which has written it into this database; a grant that was ended stays so.
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, _value: object) -> "RevokeReason":
        return cls.UNKNOWN


@dataclass(frozen=True, slots=True)
class Grant:
    """What a user gave a client. Times are seconds since the epoch; `secret` keys the tags of its tokens."""

    id: bytes
    secret: bytes
    client_id: str
    subject: str
    scope: tuple[str, ...]
    resources: tuple[str, ...]
    redirect_uri: str
    code_challenge: str
    state: GrantState
    generation: int
    #: Of the HTTP request that made this generation; None before the first.
    attempt_id: bytes | None
    created_at: int
    code_expires_at: int
    rotated_at: int | None
    idle_expires_at: int
    expires_at: int
    revoked_at: int | None = None
    revoke_reason: RevokeReason | None = None

    def was_answered(self, attempt_id: bytes, now: int) -> bool:
        """Whether this generation was made for the same HTTP request, which asks once more after a lost reply.

        Only the facade knows the attempt's 16 random bytes.
        """
        if self.attempt_id is None or self.rotated_at is None:
            return False
        return hmac.compare_digest(self.attempt_id, attempt_id) and now - self.rotated_at <= SAME_ATTEMPT_WINDOW

    def __repr__(self) -> str:
        return f"Grant({self.id.hex()}, {self.state}, generation={self.generation})"


class GrantFacts(Protocol):
    """What can be read of grants."""

    def find_grant(self, grant_id: bytes) -> Grant | None:
        """The grant with this id, in whatever state."""
        ...

    def list_grants(
        self,
        *,
        subject: str | None,
        client_id: str | None,
        live_at: int | None,
        limit: int,
        before: tuple[int, bytes] | None,
    ) -> Sequence[Grant]:
        """Grants newest first (by created_at, then id), after the cursor `before` = (created_at, id) of the last seen.

        With `live_at` only those pending or active and not expired at that time.
        """
        ...

    def count_subjects(self, client_id: str, *, live_at: int) -> int:
        """How many users have a grant of this client that is live at that time."""
        ...


class GrantIntents(Protocol):
    """What can be done to a grant inside a transaction, each by one conditional statement: a losing racer gets None."""

    def create_grant(self, grant: Grant) -> bool:
        """Store a new grant; False when its id exists, its user is not active, or its client is gone or blocked."""
        ...

    def redeem_code(self, grant_id: bytes, *, attempt_id: bytes, now: int, idle_expires_at: int) -> Grant | None:
        """pending → active, generation 1, rotated_at = now.

        None unless it is pending with `code_expires_at` and `expires_at` after `now`, its user active and its client
        neither gone nor blocked. The idle limit never passes the absolute one.
        """
        ...

    def rotate_refresh_token(
        self, grant_id: bytes, *, generation: int, attempt_id: bytes, now: int, idle_expires_at: int
    ) -> Grant | None:
        """generation → generation + 1, rotated_at = now.

        None unless it is active at exactly this generation with both limits after `now`, its user active and its
        client neither gone nor blocked.
        """
        ...

    def kill_code(self, grant_id: bytes) -> bool:
        """pending → dead; False when it was not pending."""
        ...

    def revoke_grant(self, grant_id: bytes, *, reason: RevokeReason, now: int) -> Grant | None:
        """pending or active → revoked; None when it was neither."""
        ...

    def revoke_grants_of_subject(self, subject: str, *, reason: RevokeReason, now: int) -> int:
        """pending or active → revoked for every grant of a user, in one statement; how many that were."""
        ...

    def revoke_grants_of_client(self, client_id: str, *, reason: RevokeReason, now: int) -> int:
        """pending or active → revoked for every grant given to a client, in one statement; how many that were."""
        ...

    def revoke_grants_of_client_and_subject(
        self, client_id: str, subject: str, *, reason: RevokeReason, now: int
    ) -> Sequence[bytes]:
        """pending or active → revoked for every grant that a user gave a client, in one statement; their ids."""
        ...

    def revoke_all_grants(self, *, reason: RevokeReason, now: int) -> int:
        """pending or active → revoked for every grant there is, in one statement; how many that were."""
        ...

    def kill_all_codes(self) -> int:
        """pending → dead for every grant there is; how many that were."""
        ...
