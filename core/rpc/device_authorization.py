"""DeviceAuthorizationService: RFC 8628 for the facade."""

import logging

import grpc
from tokenhouse.v1 import device_authorization_pb2 as pb
from tokenhouse.v1 import device_authorization_pb2_grpc

from core.domain.authorization.device_clients import DeviceClients
from core.domain.authorization.device_endpoint import DeviceAuthorizationEndpoint, DeviceAuthorizationRequest
from core.domain.grants.device_consent import DeviceConsent, DeviceLogin, DevicePrompt
from core.metrics.devices import DeviceMetrics
from core.rpc.authorization import write_client, write_scopes
from core.rpc.client_credentials import read_credentials
from core.rpc.device_notes import DeviceNotes
from core.rpc.errors import reason_of

_log = logging.getLogger(__name__)


class DeviceAuthorizationServicer(device_authorization_pb2_grpc.DeviceAuthorizationServiceServicer):
    """Proto → a device's request, a code or a decision → proto."""

    def __init__(
        self,
        endpoint: DeviceAuthorizationEndpoint,
        clients: DeviceClients,
        consent: DeviceConsent,
        metrics: DeviceMetrics,
        notes: DeviceNotes,
    ) -> None:
        self._endpoint = endpoint
        self._clients = clients
        self._consent = consent
        self._metrics = metrics
        self._notes = notes

    def StartDeviceAuthorization(
        self, request: pb.StartDeviceAuthorizationRequest, context: grpc.ServicerContext
    ) -> pb.StartDeviceAuthorizationResponse:
        wanted = DeviceAuthorizationRequest(
            client=read_credentials(request.client),
            scope=request.scope if request.HasField("scope") else None,
            resources=tuple(request.resource),
            network_address=request.network_address,
        )
        client_id = wanted.client.client_id
        with (
            self._metrics.counting_starts(reason_of),
            self._notes.starting(client_id, request.network_address),
        ):
            started = self._endpoint.start(wanted)
        self._notes.started(client_id, request.network_address, started.device_code)
        _log.info("device authorization started", extra={"client_id": client_id})
        return pb.StartDeviceAuthorizationResponse(
            device_code=started.device_code,
            user_code=started.user_code,
            expires_in=started.expires_in,
            interval=started.interval,
        )

    def FetchDeviceClient(
        self, request: pb.FetchDeviceClientRequest, context: grpc.ServicerContext
    ) -> pb.FetchDeviceClientResponse:
        credentials = read_credentials(request.client)
        with self._notes.starting(credentials.client_id, request.network_address):
            self._clients.keep(credentials, network_address=request.network_address)
        self._notes.document_found(credentials.client_id, request.network_address)
        return pb.FetchDeviceClientResponse()

    def OpenDevicePage(
        self, request: pb.OpenDevicePageRequest, context: grpc.ServicerContext
    ) -> pb.OpenDevicePageResponse:
        opened = self._consent.open(
            request.user_code, session_token=request.session_token, browser_binding=request.browser_binding
        )
        if isinstance(opened, DeviceLogin):
            return pb.OpenDevicePageResponse(login=pb.DeviceLoginPrompt(sealed_page=opened.sealed_page))
        form = pb.DeviceForm(sealed_page=opened.sealed_page, username=opened.user.username, user_code=opened.user_code)
        return pb.OpenDevicePageResponse(form=form)

    def EnterUserCode(
        self, request: pb.EnterUserCodeRequest, context: grpc.ServicerContext
    ) -> pb.EnterUserCodeResponse:
        with self._metrics.counting_user_codes(reason_of):
            entered = self._consent.enter(
                request.user_code,
                session_token=request.session_token,
                browser_binding=request.browser_binding,
                network_address=request.network_address,
            )
        if isinstance(entered, DeviceLogin):
            return pb.EnterUserCodeResponse(login=pb.DeviceLoginPrompt(sealed_page=entered.sealed_page))
        self._notes.user_code_entered(entered, request.browser_binding, request.network_address)
        return pb.EnterUserCodeResponse(consent=_write_prompt(entered))

    def DecideDeviceAuthorization(
        self, request: pb.DecideDeviceAuthorizationRequest, context: grpc.ServicerContext
    ) -> pb.DecideDeviceAuthorizationResponse:
        self._consent.decide(
            request.sealed_page,
            session_token=request.session_token,
            browser_binding=request.browser_binding,
            approved=request.approved,
        )
        self._notes.decided(request.sealed_page, request.browser_binding, approved=request.approved)
        return pb.DecideDeviceAuthorizationResponse()


def _write_prompt(prompt: DevicePrompt) -> pb.DeviceConsentPrompt:
    return pb.DeviceConsentPrompt(
        sealed_page=prompt.sealed_page,
        client=write_client(prompt.client),
        username=prompt.user.username,
        scopes=write_scopes(prompt.scopes),
        resources=prompt.resources,
        user_code=prompt.user_code,
    )
