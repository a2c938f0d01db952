"""The Store: what each noun asks of a store, added up. Facts are read; intents are written, one commit for many.

A store reads no clock and makes no token: times, ids and randomness are arguments. Drivers' exceptions stop inside
it and come out as `StoreUnavailable`.
"""

from collections.abc import Callable
from typing import Protocol

from core.domain.administration.backups import BackupStore
from core.domain.administration.clock import ClockIntents
from core.domain.administration.overview import InventoryFacts
from core.domain.administration.statistics import StatisticsFacts, StatisticsIntents
from core.domain.administration.uses import GrantUseFacts, GrantUseIntents
from core.domain.administration.verdicts import VerdictFacts, VerdictIntents
from core.domain.audit.record import AuditFacts, AuditIntents
from core.domain.authorization.device_authorization import DeviceAuthorizationFacts, DeviceAuthorizationIntents
from core.domain.clients.authentication import AssertionIntents
from core.domain.clients.client import ClientFacts, ClientIntents
from core.domain.clients.client_secret import ClientSecretFacts, ClientSecretIntents
from core.domain.clients.registration_token import RegistrationTokenFacts, RegistrationTokenIntents
from core.domain.factors.second_factor import SecondFactorFacts, SecondFactorIntents
from core.domain.grants.grant import GrantFacts, GrantIntents
from core.domain.keys.signing_key import KeyFacts, KeyIntents
from core.domain.limits.rate import LimitFacts, LimitIntents
from core.domain.sessions.session import SessionFacts, SessionIntents
from core.domain.tokens.change import ChangeFacts, ChangeIntents
from core.domain.upstream.identity import UpstreamFacts, UpstreamIntents
from core.domain.users.user import UserFacts, UserIntents
from core.domain.writing import Writes


class Facts(
    GrantFacts,
    DeviceAuthorizationFacts,
    ClientFacts,
    ClientSecretFacts,
    RegistrationTokenFacts,
    UserFacts,
    SessionFacts,
    UpstreamFacts,
    SecondFactorFacts,
    KeyFacts,
    ChangeFacts,
    InventoryFacts,
    AuditFacts,
    LimitFacts,
    StatisticsFacts,
    GrantUseFacts,
    VerdictFacts,
    Protocol,
):
    """Everything that can be read."""


class Transaction(
    Facts,
    GrantIntents,
    DeviceAuthorizationIntents,
    ClientIntents,
    ClientSecretIntents,
    AssertionIntents,
    RegistrationTokenIntents,
    UserIntents,
    SessionIntents,
    UpstreamIntents,
    SecondFactorIntents,
    KeyIntents,
    LimitIntents,
    ChangeIntents,
    AuditIntents,
    ClockIntents,
    StatisticsIntents,
    GrantUseIntents,
    VerdictIntents,
    Protocol,
):
    """A transaction in progress, on the only write connection: what it reads cannot change before it commits."""


class GuardedStore(Facts, Writes[Transaction], Protocol):
    """Point reads, and writes that begin with somebody's check."""


class Store(Facts, Writes[Transaction], BackupStore, Protocol):
    """Point reads from any thread, the one way to write, and copies of it all."""

    def purge(self, *, now: int, limit: int) -> int:
        """Delete up to `limit` rows of each kind that nothing can need any more at `now`; how many that were.

        Grants that ended or expired 7 days ago, pending and dead ones an hour old, devices' requests that expired an
        hour ago, sessions that expired, changes past `keep_until`, signing keys that retired, full rate buckets,
        assertions, challenges and logins' states that are good no more. Correctness never depends on it.
        """
        ...

    def guarded_by(self, check: Callable[[Transaction], None]) -> GuardedStore:
        """The same store, on which every transaction begins with `check`: what it raises undoes the transaction."""
        ...

    def has_room(self) -> bool:
        """False where the disk is nearly full: what is left is for what must be written."""
        ...

    def persisted_time(self) -> int:
        """The latest time ever noted by `note_time`, in seconds since the epoch; 0 before the first."""
        ...

    def note_time(self, now: int) -> None:
        """Remember the time, so that a start with a clock behind it can tell; never moves back."""
        ...

    def close(self) -> None:
        """Commit what waits, checkpoint, close. After it every call raises `StoreUnavailable`."""
        ...
