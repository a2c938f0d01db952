"""RegistrationService: RFC 7591 for the facade."""

import json
import logging

import grpc
from tokenhouse.v1 import registration_pb2, registration_pb2_grpc

from core.domain.clients.registration import Registrations

_log = logging.getLogger(__name__)


class RegistrationServicer(registration_pb2_grpc.RegistrationServiceServicer):
    """Proto → registration → proto."""

    def __init__(self, registrations: Registrations) -> None:
        self._registrations = registrations

    def RegisterClient(
        self, request: registration_pb2.RegisterClientRequest, context: grpc.ServicerContext
    ) -> registration_pb2.RegisterClientResponse:
        registration = self._registrations.register(request.client_metadata, network_address=request.network_address)
        client_id = registration.client.client_id
        _log.info("client registered", extra={"client_id": client_id})
        for uri in registration.left_out:
            _log.warning("redirect URI left out of a registration", extra={"client_id": client_id, "redirect_uri": uri})
        information = json.dumps(registration.information, separators=(",", ":")).encode()
        return registration_pb2.RegisterClientResponse(client_information=information)
