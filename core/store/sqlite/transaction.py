"""A transaction in progress: every noun's reading and writing statements on the write connection."""

from collections.abc import Sequence

from core.domain.audit.record import AuditRecord
from core.domain.errors import StoreUnavailable
from core.domain.tokens.change import Change
from core.store.sqlite import driver
from core.store.sqlite.audit import AuditReads, AuditWrites
from core.store.sqlite.changes import ChangeReads, ChangeWrites
from core.store.sqlite.client_assertions import ClientAssertionWrites
from core.store.sqlite.client_secrets import ClientSecretReads, ClientSecretWrites
from core.store.sqlite.clients import ClientReads, ClientWrites
from core.store.sqlite.clock import ClockReads, ClockWrites
from core.store.sqlite.device_authorizations import DeviceAuthorizationReads, DeviceAuthorizationWrites
from core.store.sqlite.driver import Cursor, Row
from core.store.sqlite.forgetting import ForgettingReads, ForgettingWrites
from core.store.sqlite.grant_uses import GrantUseReads, GrantUseWrites
from core.store.sqlite.grant_verdicts import GrantVerdictReads, GrantVerdictWrites
from core.store.sqlite.grants import GrantReads, GrantWrites
from core.store.sqlite.keys import KeyReads, KeyWrites
from core.store.sqlite.limits import LimitReads, LimitWrites
from core.store.sqlite.overview import InventoryReads
from core.store.sqlite.registration_tokens import RegistrationTokenReads, RegistrationTokenWrites
from core.store.sqlite.second_factors import SecondFactorReads, SecondFactorWrites
from core.store.sqlite.sessions import SessionReads, SessionWrites
from core.store.sqlite.statistics import StatisticsReads, StatisticsWrites
from core.store.sqlite.upstream import UpstreamReads, UpstreamWrites
from core.store.sqlite.users import UserReads, UserWrites


class SqliteFacts(
    GrantReads,
    DeviceAuthorizationReads,
    ClientReads,
    ClientSecretReads,
    ForgettingReads,
    RegistrationTokenReads,
    UserReads,
    SessionReads,
    UpstreamReads,
    SecondFactorReads,
    KeyReads,
    ChangeReads,
    ClockReads,
    InventoryReads,
    AuditReads,
    LimitReads,
    StatisticsReads,
    GrantUseReads,
    GrantVerdictReads,
):
    """`core.domain.store.Facts`."""


class SqliteTransaction(
    SqliteFacts,
    GrantWrites,
    DeviceAuthorizationWrites,
    ClientWrites,
    ForgettingWrites,
    ClientSecretWrites,
    ClientAssertionWrites,
    RegistrationTokenWrites,
    UserWrites,
    SessionWrites,
    UpstreamWrites,
    SecondFactorWrites,
    KeyWrites,
    LimitWrites,
    ChangeWrites,
    ClockWrites,
    AuditWrites,
    StatisticsWrites,
    GrantUseWrites,
    GrantVerdictWrites,
):
    """`core.domain.store.Transaction`."""

    def __init__(self, cursor: Cursor, revision: int) -> None:
        """`revision`: the newest that is committed; nobody else writes, so this transaction alone makes newer ones."""
        self._cursor = cursor
        self._committed_revision = revision
        self.recorded: list[Change] = []
        self.acts: list[AuditRecord] = []
        #: Whether the intent in progress gave somebody something new.
        self.issued = False
        #: The driver's error that the intent in progress met. SQLite may have ended the transaction, and whatever
        #: the intent ran next would commit by itself: so nothing runs any more.
        self.error: Exception | None = None

    def row(self, sql: str, parameters: Sequence[object] = ()) -> Row | None:
        self._require_unbroken()
        try:
            row: Row | None = self._cursor.execute(sql, parameters).fetchone()
        except driver.Error as error:
            raise self._broken_by(error) from None
        return row

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        self._require_unbroken()
        try:
            return self._cursor.execute(sql, parameters).fetchall()
        except driver.Error as error:
            raise self._broken_by(error) from None

    def revision(self) -> int:
        return self.recorded[-1].revision if self.recorded else self._committed_revision

    def issue(self, sql: str, parameters: Sequence[object] = ()) -> Row | None:
        row = self.row(sql, parameters)
        self.issued = self.issued or row is not None
        return row

    def count(self, sql: str, parameters: Sequence[object] = ()) -> int:
        self._require_unbroken()
        try:
            return self._cursor.execute(sql, parameters).rowcount
        except driver.Error as error:
            raise self._broken_by(error) from None

    def end(self) -> None:
        """Run no more: whoever kept the transaction would write past the writer."""
        self.error = RuntimeError("the transaction has ended")

    def _require_unbroken(self) -> None:
        if self.error is not None:
            raise StoreUnavailable("the transaction is broken or has ended")

    def _broken_by(self, error: Exception) -> StoreUnavailable:
        self.error = error
        return driver.unavailable(error)
