"""The composition root: with what it puts together in `facade_services` and `operator_services`, all that knows every
room."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from google.protobuf.descriptor import ServiceDescriptor
from tokenhouse.envoy import authorization_pb2 as envoy_pb2
from tokenhouse.v1 import (
    changes_pb2,
    validation_pb2,
)

from core.auditing import Auditing, TellingStream
from core.background import Background
from core.committed_changes import CommittedChanges
from core.config.config import Config
from core.domain.administration.keys import MasterKeyKeeper
from core.domain.administration.statistics import Statistics
from core.domain.administration.users import UserAdministration
from core.domain.administration.uses import GrantUses
from core.domain.administration.verdicts import GrantVerdicts
from core.domain.clients.documents import ClientDocuments
from core.domain.clients.forgetting import Forgetting
from core.domain.clients.metadata_document import MetadataDocument
from core.domain.clock import ServingClock
from core.domain.keys.key_ring import KeyRing
from core.domain.keys.master_key import MasterKeys
from core.domain.keys.rotation import KeyRotation
from core.domain.policy import Policy
from core.domain.randomness import SystemRandomness
from core.domain.tokens.access_token import LONGEST_LIFETIME, format_token_id
from core.domain.tokens.change import Change, ChangeKind
from core.domain.tokens.change_log import ChangeLog
from core.domain.tokens.revocations import Revocations
from core.domain.tokens.validation import Validation
from core.domain.users.password import Passwords
from core.facade_services import FacadeServices
from core.housekeeping import Housekeeping
from core.loading import load_certificates, load_documents, load_master_keys, load_tracing
from core.metrics.core_metrics import CoreMetrics
from core.metrics.listener import MetricsListener
from core.metrics.state import StateCollector
from core.metrics.totals import Totals
from core.operator_services import OperatorServices
from core.outbound.client_documents import FetchedDocuments
from core.outbound.guarded_http import GuardedHttp
from core.policy_in_force import PolicyInForce
from core.reloading import change_policy
from core.rpc.callers import Caller
from core.rpc.change_messages import ChangeSources
from core.rpc.change_streams import ChangeStreams
from core.rpc.changes import ChangesServicer
from core.rpc.envoy import EnvoyServicer
from core.rpc.free_addresses import naming
from core.rpc.health import Health
from core.rpc.listener import Listener
from core.rpc.service import service
from core.rpc.service_callers import ServiceCallers
from core.rpc.silent_calls import end_silent_calls
from core.rpc.validation import ValidationServicer
from core.seen_connections import SeenConnections
from core.store.data_folder import require_data_folder
from core.store.sqlite.replacement import holds_database
from core.store.sqlite.store import open_store

_log = logging.getLogger(__name__)

#: What services ask the health of by name.
_SERVICES_WITH_HEALTH = (
    "tokenhouse.v1.ValidationService",
    "tokenhouse.v1.ChangesService",
    "envoy.service.auth.v3.Authorization",
)
#: How long calls in flight may take to end when the core stops, in seconds.
_GRACE = 5.0
#: And streams, which never end by themselves.
_STREAMS_GRACE = 2.0


class Core:
    """Everything built and connected; serves after `start`."""

    def __init__(
        self,
        config: Config,
        clock_from: Callable[[int], ServingClock] = ServingClock,
        http: GuardedHttp | None = None,
        passwords: Callable[[], Passwords] = Passwords,
        create_store: Callable[[Path], None] | None = None,
    ) -> None:
        """Open the store and load what validation needs; `clock_from` makes the clock from the last persisted time.

        `http` is the way out, where it is not the system's; `create_store` may make a new store before it is opened.

        Raises:
            ConfigError, StoreRefused, MasterKeyRefused, FailedPrecondition: it cannot run on what is there; one line
                that says why.
        """
        self._config = config
        self._clock_from = clock_from
        self._passwords = passwords()
        self._policy = PolicyInForce(config.policy())
        # Whether callers are told apart is decided here, for good: a reload never opens the door.
        self._certificates = load_certificates(config)
        self._service_callers = None if self._certificates is None else ServiceCallers(self._policy)
        self._http, documents = http or GuardedHttp(), load_documents(config)
        self._randomness = SystemRandomness()
        self._metrics = CoreMetrics()
        self._metrics_listener = MetricsListener(self._metrics.registry)
        self._tracing = load_tracing(config)
        require_data_folder(config.server.data_dir)
        may_create = not holds_database(config.database_folder)
        keeper, keys = load_master_keys(config, self._randomness, may_create=may_create)
        self.audit_stream = TellingStream(config.audit)
        changes = CommittedChanges()
        if create_store is not None:
            create_store(config.database_folder)
        self._store = open_store(
            config.database_folder,
            on_commit=changes.announce,
            on_record=self.audit_stream.tell,
            metrics=self._metrics.store,
        )
        try:
            self._build(changes, keeper, keys)
            self._documents.give(documents)
        except BaseException:
            self._store.close()
            raise

    def _build(self, changes: CommittedChanges, keeper: MasterKeyKeeper, keys: dict[int, bytes]) -> None:
        self._clock = self._clock_from(self._store.persisted_time())
        self._master_keys = MasterKeys(keys, self._randomness)
        self._keys = KeyRing(self._store, self._master_keys, self._clock)
        self._documents = ClientDocuments(
            self._store, FetchedDocuments(self._http), self._clock, self._metrics.documents.fetched
        )
        revocations = Revocations()
        self._seen = SeenConnections(self._clock)
        self._uses, self._verdicts = GrantUses(self._store, self._clock), GrantVerdicts(self._store, self._clock)
        self._validation = Validation(
            self._store,
            self._keys,
            self._policy,
            self._clock,
            revocations,
            self._seen.journal,
            self._uses.note_one,
        )
        self._validation.load()
        sources = ChangeSources(ChangeLog(self._store, self._clock), self._policy, self._keys, self._clock)
        self._streams = ChangeStreams(sources)
        # In this order: what has been told on a stream is what validation answers by.
        for listener in (
            self._policy.apply,
            self._take_over_keys,
            self._validation.apply,
            self._streams.announce,
            self._metrics.outcomes.revoked,
            self._seen.journal.revoked,
        ):
            changes.listen(listener)
        self._rotation = KeyRotation(
            self._keys,
            lambda: self._policy.current.signing_key_rotation,
            self._streams,
            self._clock,
            longest_token=LONGEST_LIFETIME,
        )
        self._metrics.calls.watch_streams(self._streams.count)
        self._metrics.registry.register(
            StateCollector(self._keys, self._rotation, revocations, self._validation, self._clock, self._policy)
        )
        self._users = UserAdministration(self._store, self._passwords, self._clock, self._randomness)
        self.auditing = Auditing(self._store, self._clock, self._metrics.outcomes.tallies, self._policy)
        self._health = Health(_SERVICES_WITH_HEALTH)
        totals = Totals(self._metrics.outcomes, self._metrics.calls)
        self._statistics = Statistics(self._store, totals.read, self._clock)
        noted = (self._uses, self._verdicts)
        forgetting, upkeep = Forgetting(self._store, self._policy), self.auditing.upkeep
        self._housekeeping = Housekeeping(
            self._store, self._validation, self._rotation, forgetting, upkeep, self._statistics, noted, self._clock
        )
        self._silent_calls = Background("silent-calls", end_silent_calls)
        self._listeners = self._build_listeners(keeper)

    def start(self) -> None:
        """Listen on both sockets and on TCP, and where metrics are wanted.

        Raises:
            CannotListen: one of them cannot be listened on; names the setting.
        """
        if self._clock.held_back:
            _log.warning("the wall clock is behind the last time this database has seen; serving that time instead")
        if self._clock.unconfirmed:
            _log.warning(
                "the wall clock is more than a year ahead of the last time this database has seen: "
                "nothing is deleted before `tokenhouse clock confirm` says that it is right"
            )
        facade, operator, service = self._listeners
        grpc = self._config.grpc
        with naming("Grpc.Socket"):
            facade.listen_on_socket(grpc.socket)
        with naming("Grpc.AdminSocket"):
            operator.listen_on_socket(grpc.admin_socket)
        with naming("Grpc.Listen"):
            credentials = None if self._certificates is None else self._certificates.credentials()
            service.listen_on_port(grpc.listen.host, grpc.listen.port, credentials)
        if (metrics := self._config.metrics.core_listen) is not None:
            with naming("Metrics.CoreListen", metrics):
                self._metrics_listener.listen(metrics.host, metrics.port)
        self.audit_stream.start()
        self._silent_calls.start()
        self._housekeeping.start()
        self._health.serve()
        _log.info("core serving", extra={"grpc_port": grpc.listen.port})

    def stop(self) -> None:
        """Take no more calls, let those in flight end, close the store."""
        self._health.stop()
        self._streams.stop(_STREAMS_GRACE)
        # All at once: whoever waits for the next core does not wait for three of these.
        for stopped in [listener.stop(_GRACE) for listener in self._listeners]:
            stopped.wait()
        self._silent_calls.stop()
        self._housekeeping.stop()
        self._metrics_listener.stop()
        if self._tracing is not None:
            self._tracing.stop()
        self._store.close()
        self.audit_stream.stop()
        _log.info("core stopped")

    def create_first_user(self) -> tuple[str, str] | None:
        """The name and password of the first user of a new database; None when it ever had one."""
        username, password = "admin", format_token_id(self._randomness.token_bytes(15))
        return (username, password) if self._users.create_first(username, password, ["operators"]) else None

    def reload_certificates(self) -> None:
        """Read the files of TLS again where they have changed; what they say of it is logged."""
        if self._certificates is not None:
            self._certificates.reload()

    def give_documents(self, documents: Sequence[MetadataDocument]) -> None:
        """Use these documents of clients from now on, and no others, without ever fetching them."""
        self._documents.give(documents)

    def change_policy(self, policy: Policy, settings: Sequence[str] = ()) -> None:
        """Put a reloaded policy in force, in which these settings are new; one thread at a time.

        Raises:
            StoreUnavailable: it could not be written; the policy before stays in force.
        """
        change_policy(self._store, self._policy, policy, self.auditing.reload_of(settings))

    def _take_over_keys(self, changes: Sequence[Change]) -> None:
        """Follow committed changes: who has seen one that withdrew a key finds it in no JWK Set."""
        if any(change.kind is ChangeKind.KEY_WITHDRAWN for change in changes):
            self._keys.take_over()

    def _build_listeners(self, keeper: MasterKeyKeeper) -> tuple[Listener, Listener, Listener]:
        operators = self._operator_services(keeper)
        facades = FacadeServices(
            self._store,
            self._passwords,
            self._documents,
            self._http,
            self._keys,
            self._validation,
            self._master_keys,
            self._seen,
            operators,
            self._metrics,
            self._tracing,
            self.auditing.refusals,
            self.audit_stream.tell_one,
            self._verdicts.note,
            self._policy,
            self._clock,
            self._randomness,
        )
        servicers = {
            **facades.every(),
            **operators.every(),
            **self._service_servicers(),
        }
        calls = self._metrics.calls
        reflection = self._config.grpc.reflection
        service = Listener(
            Caller.SERVICE,
            servicers,
            self._health,
            calls,
            with_reflection=reflection,
            callers=self._service_callers,
            tracing=self._tracing,
        )
        refusals = self.auditing.refusals
        facade = Listener(
            Caller.FACADE,
            servicers,
            self._health,
            calls,
            before=service.room,
            tracing=self._tracing,
            refusals=refusals,
        )
        return facade, Listener(Caller.OPERATOR, servicers, self._health, calls, refusals=refusals), service

    def _operator_services(self, keeper: MasterKeyKeeper) -> OperatorServices:
        return OperatorServices(
            self._store,
            self._passwords,
            self._keys,
            self._rotation,
            self._master_keys,
            keeper,
            self._streams.count,
            self._statistics,
            self._seen,
            self._policy,
            self.auditing.upkeep,
            self._clock,
            self._randomness,
        )

    def _service_servicers(self) -> dict[ServiceDescriptor, object]:
        calls, outcomes = self._metrics.calls, self._metrics.outcomes
        return {
            service(validation_pb2, "ValidationService"): ValidationServicer(
                self._validation,
                self._clock,
                calls,
                outcomes,
                tell_callers_apart=self._service_callers is not None,
            ),
            service(envoy_pb2, "Authorization"): EnvoyServicer(
                self._validation, outcomes, tell_callers_apart=self._service_callers is not None
            ),
            service(changes_pb2, "ChangesService"): ChangesServicer(self._streams, self._uses, self._service_callers),
        }
