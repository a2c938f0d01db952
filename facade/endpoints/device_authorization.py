"""The device authorization endpoint (RFC 8628 §3.1)."""

import json

from sanic import HTTPResponse, Request
from tokenhouse.v1.device_authorization_pb2 import (
    FetchDeviceClientRequest,
    StartDeviceAuthorizationRequest,
    StartDeviceAuthorizationResponse,
)
from tokenhouse.v1.parameter_pb2 import Parameter

from facade import paths
from facade.client_credentials import parse_client_credentials
from facade.client_keys import with_client_keys
from facade.errors import Refusal
from facade.facade import Facade
from facade.forms import parse_form
from facade.redirects import encode_parameters
from facade.replies import json_reply


async def start_device_authorization(request: Request, facade: Facade) -> HTTPResponse:
    """Both codes, and where the user goes with one of them (RFC 8628 §3.2); `resource` alone may repeat."""
    content_type = request.headers.get("content-type")
    form = parse_form(content_type, request.query_string, request.body, repeatable=("resource",))
    question = StartDeviceAuthorizationRequest(
        client=parse_client_credentials(request.headers.get("authorization"), form),
        scope=form.find("scope"),
        resource=form.find_all("resource"),
        network_address=facade.network_address(request),
    )
    started = await _start(facade, question)
    code = Parameter(name="user_code", value=started.user_code)
    page = facade.public_url(paths.DEVICE)
    members = {
        "device_code": started.device_code,
        "user_code": started.user_code,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?{encode_parameters([code])}",
        "expires_in": started.expires_in,
        "interval": started.interval,
    }
    return json_reply(json.dumps(members).encode())


async def _start(facade: Facade, question: StartDeviceAuthorizationRequest) -> StartDeviceAuthorizationResponse:
    """Both codes; a client that is known by a document is looked up first where the core does not know it yet."""

    async def ask() -> StartDeviceAuthorizationResponse:
        return await with_client_keys(
            facade.core, question.client, lambda: facade.core.start_device_authorization(question)
        )

    try:
        return await ask()
    except Refusal as refusal:
        if refusal.reason != "CLIENT_DOCUMENT_WANTED":
            raise
    await facade.core.fetch_device_client(
        FetchDeviceClientRequest(client=question.client, network_address=question.network_address)
    )
    return await ask()
