"""What operators may ask, put together: the services of admin.sock, and those of them that the console asks, too."""

from collections.abc import Callable
from dataclasses import dataclass

from google.protobuf.descriptor import ServiceDescriptor
from tokenhouse.v1 import (
    audit_admin_pb2,
    backup_admin_pb2,
    client_admin_pb2,
    clock_admin_pb2,
    connection_admin_pb2,
    grant_admin_pb2,
    key_admin_pb2,
    limit_admin_pb2,
    overview_admin_pb2,
    registration_token_admin_pb2,
    statistics_admin_pb2,
    user_admin_pb2,
)

from core.domain.administration.audit import AuditAdministration
from core.domain.administration.backups import BackupAdministration, recording
from core.domain.administration.clients import ClientAdministration
from core.domain.administration.clock import ClockAdministration
from core.domain.administration.grants import GrantAdministration
from core.domain.administration.identities import IdentityAdministration
from core.domain.administration.keys import KeyAdministration, MasterKeyKeeper
from core.domain.administration.limits import LimitAdministration
from core.domain.administration.overview import OverviewAdministration
from core.domain.administration.preregistration import ClientPreregistration
from core.domain.administration.registration_tokens import RegistrationTokenAdministration
from core.domain.administration.statistics import Statistics
from core.domain.administration.users import UserAdministration
from core.domain.audit.upkeep import AuditUpkeep
from core.domain.clock import ServingClock
from core.domain.keys.key_ring import KeyRing
from core.domain.keys.master_key import MasterKeys
from core.domain.keys.rotation import KeyRotation
from core.domain.policy import PolicySource
from core.domain.randomness import Randomness
from core.domain.store import GuardedStore, Store
from core.domain.users.password import Passwords
from core.rpc.audit_admin import AuditAdminServicer
from core.rpc.backup_admin import BackupAdminServicer
from core.rpc.client_admin import ClientAdminServicer
from core.rpc.clock_admin import ClockAdminServicer
from core.rpc.grant_admin import GrantAdminServicer
from core.rpc.key_admin import KeyAdminServicer
from core.rpc.limit_admin import LimitAdminServicer
from core.rpc.overview_admin import OverviewAdminServicer
from core.rpc.registration_token_admin import RegistrationTokenAdminServicer
from core.rpc.service import service
from core.rpc.statistics_admin import StatisticsAdminServicer
from core.rpc.user_admin import UserAdminServicer
from core.seen_connections import SeenConnections


@dataclass(frozen=True, slots=True)
class OperatorServices:
    """Makes the servicers; they keep nothing, so they may be made for one call."""

    store: Store
    passwords: Passwords
    keys: KeyRing
    rotation: KeyRotation
    master_keys: MasterKeys
    keeper: MasterKeyKeeper
    count_verifiers: Callable[[], int]
    statistics: Statistics
    seen: SeenConnections
    policy: PolicySource
    audit: AuditUpkeep
    clock: ServingClock
    randomness: Randomness

    def every(self) -> dict[ServiceDescriptor, object]:
        """All services of admin.sock."""
        return {
            **self.over(self.store),
            service(backup_admin_pb2, "BackupAdminService"): BackupAdminServicer(
                BackupAdministration(self.store, recording(self.audit, self.clock))
            ),
            service(clock_admin_pb2, "ClockAdminService"): ClockAdminServicer(
                ClockAdministration(self.clock, self.store)
            ),
        }

    def over(self, store: GuardedStore) -> dict[ServiceDescriptor, object]:
        """Those that read and write this store, and nothing beside it."""
        clock, randomness = self.clock, self.randomness
        keys = KeyAdministration(self.keys, self.rotation, store, self.master_keys, self.keeper, randomness)
        overview = OverviewAdministration(store, self.keys, self.count_verifiers, clock)
        users = UserAdministration(store, self.passwords, clock, randomness)
        preregistration = ClientPreregistration(store, self.policy, clock, randomness)
        registration_tokens = RegistrationTokenAdministration(store, clock, randomness)
        return {
            service(overview_admin_pb2, "OverviewAdminService"): OverviewAdminServicer(overview),
            service(statistics_admin_pb2, "StatisticsAdminService"): StatisticsAdminServicer(self.statistics),
            service(user_admin_pb2, "UserAdminService"): UserAdminServicer(
                users, IdentityAdministration(store, users, self.policy, clock)
            ),
            service(client_admin_pb2, "ClientAdminService"): ClientAdminServicer(
                ClientAdministration(store, clock), preregistration
            ),
            service(registration_token_admin_pb2, "RegistrationTokenAdminService"): RegistrationTokenAdminServicer(
                registration_tokens
            ),
            service(connection_admin_pb2, "ConnectionAdminService"): self.seen.servicer(
                store, self.policy, ClockAdministration(clock, self.store)
            ),
            service(grant_admin_pb2, "GrantAdminService"): GrantAdminServicer(GrantAdministration(store, clock), clock),
            service(key_admin_pb2, "KeyAdminService"): KeyAdminServicer(keys),
            service(limit_admin_pb2, "LimitAdminService"): LimitAdminServicer(
                LimitAdministration(store, self.policy, clock)
            ),
            service(audit_admin_pb2, "AuditAdminService"): AuditAdminServicer(
                AuditAdministration(store, self.audit, clock)
            ),
        }
