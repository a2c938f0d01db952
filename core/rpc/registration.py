"""RegistrationService: RFC 7591 for the facade."""

import json
import logging
import time

import grpc
from tokenhouse.v1 import registration_pb2, registration_pb2_grpc

from core.domain.audit.act import Act
from core.domain.audit.refusals import Refusals
from core.domain.clients.registration import Registration, RegistrationRequest, Registrations
from core.domain.correlation import Correlated
from core.metrics.calls import CallMetrics
from core.metrics.outcomes import OutcomeMetrics
from core.metrics.tracing import Tracing
from core.rpc.batch import refuse_item, require_batch
from core.rpc.connection_notes import ConnectionNotes
from core.rpc.correlation import read_correlation_id
from core.rpc.deadlines import time_left
from core.rpc.errors import reason_of

_log = logging.getLogger(__name__)

_ONE = "tokenhouse.v1.RegistrationService/RegisterClient"


class RegistrationServicer(registration_pb2_grpc.RegistrationServiceServicer):
    """Proto → registration → proto."""

    def __init__(
        self,
        registrations: Registrations,
        calls: CallMetrics,
        outcomes: OutcomeMetrics,
        notes: ConnectionNotes,
        tracing: Tracing | None,
        refusals: Refusals,
    ) -> None:
        self._registrations = registrations
        self._calls = calls
        self._outcomes = outcomes
        self._notes = notes
        self._tracing = tracing
        self._refusals = refusals

    def RegisterClient(
        self, request: registration_pb2.RegisterClientRequest, context: grpc.ServicerContext
    ) -> registration_pb2.RegisterClientResponse:
        try:
            registration = self._registrations.register(_read(request), within=time_left(context))
        except Exception as error:
            self._outcomes.registration(reason_of(error))
            self._notes.registration(request.network_address, error)
            raise
        self._notes.registration(request.network_address, registration)
        return self._write(registration)

    def RegisterClients(
        self, request: registration_pb2.RegisterClientsRequest, context: grpc.ServicerContext
    ) -> registration_pb2.RegisterClientsResponse:
        requests, begun = require_batch(request.requests), time.time_ns()
        wanted = [_read(item) for item in requests]
        outcomes = self._registrations.register_all(wanted, within=time_left(context))
        pairs = list(zip(requests, outcomes, strict=True))
        if self._tracing is not None:
            for item, outcome in pairs:
                verdict = reason_of(outcome).lower() if isinstance(outcome, Exception) else "registered"
                self._tracing.item(_ONE, item.traceparent, begun, verdict)
        return registration_pb2.RegisterClientsResponse(results=[self._write_result(*pair) for pair in pairs])

    def _write_result(
        self, request: registration_pb2.RegisterClientRequest, outcome: Registration | Exception
    ) -> registration_pb2.RegisterClientResult:
        self._notes.registration(request.network_address, outcome)
        if isinstance(outcome, Exception):
            self._outcomes.registration(reason_of(outcome))
            self._refusals.add(
                Act.REGISTRATION,
                outcome,
                network_address=request.network_address,
                correlation_id=read_correlation_id(request.correlation_id),
            )
            error = refuse_item(outcome, request.correlation_id, self._calls)
            return registration_pb2.RegisterClientResult(error=error)
        with Correlated(read_correlation_id(request.correlation_id)):
            return registration_pb2.RegisterClientResult(response=self._write(outcome))

    def _write(self, registration: Registration) -> registration_pb2.RegisterClientResponse:
        self._outcomes.registered()
        client_id = registration.client.client_id
        _log.info("client registered", extra={"client_id": client_id})
        for uri in registration.left_out:
            _log.warning("redirect URI left out of a registration", extra={"client_id": client_id, "redirect_uri": uri})
        information = json.dumps(registration.information, separators=(",", ":")).encode()
        return registration_pb2.RegisterClientResponse(client_information=information)


def _read(request: registration_pb2.RegisterClientRequest) -> RegistrationRequest:
    correlation_id = read_correlation_id(request.correlation_id)
    return RegistrationRequest(
        request.client_metadata, request.network_address, correlation_id, request.initial_access_token
    )
