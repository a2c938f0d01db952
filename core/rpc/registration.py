"""RegistrationService: RFC 7591 for the facade."""

import json
import logging

import grpc
from tokenhouse.v1 import registration_pb2, registration_pb2_grpc

from core.domain.clients.registration import Registration, RegistrationRequest, Registrations
from core.rpc.batch import require_batch
from core.rpc.errors import describe

_log = logging.getLogger(__name__)


class RegistrationServicer(registration_pb2_grpc.RegistrationServiceServicer):
    """Proto → registration → proto."""

    def __init__(self, registrations: Registrations) -> None:
        self._registrations = registrations

    def RegisterClient(
        self, request: registration_pb2.RegisterClientRequest, context: grpc.ServicerContext
    ) -> registration_pb2.RegisterClientResponse:
        return _write(self._registrations.register(_read(request)))

    def RegisterClients(
        self, request: registration_pb2.RegisterClientsRequest, context: grpc.ServicerContext
    ) -> registration_pb2.RegisterClientsResponse:
        outcomes = self._registrations.register_all([_read(item) for item in require_batch(request.requests)])
        return registration_pb2.RegisterClientsResponse(results=[_write_result(outcome) for outcome in outcomes])


def _read(request: registration_pb2.RegisterClientRequest) -> RegistrationRequest:
    return RegistrationRequest(request.client_metadata, request.network_address)


def _write(registration: Registration) -> registration_pb2.RegisterClientResponse:
    client_id = registration.client.client_id
    _log.info("client registered", extra={"client_id": client_id})
    for uri in registration.left_out:
        _log.warning("redirect URI left out of a registration", extra={"client_id": client_id, "redirect_uri": uri})
    information = json.dumps(registration.information, separators=(",", ":")).encode()
    return registration_pb2.RegisterClientResponse(client_information=information)


def _write_result(outcome: Registration | Exception) -> registration_pb2.RegisterClientResult:
    if isinstance(outcome, Exception):
        return registration_pb2.RegisterClientResult(error=describe(outcome).to_item_error())
    return registration_pb2.RegisterClientResult(response=_write(outcome))
