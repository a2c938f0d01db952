"""AuthorizationService: RFC 6749 §3.1 for the facade."""

from collections.abc import Iterable

import grpc
from tokenhouse.v1 import authorization_pb2, authorization_pb2_grpc, parameter_pb2

from core.domain.authorization.endpoint import (
    AuthorizationEndpoint,
    ConsentPrompt,
    DocumentWanted,
    LoginPrompt,
    Redirect,
)
from core.domain.clients.client import Client
from core.domain.clients.document_url import names_document, parse_document_url
from core.domain.clients.redirect_policy import RedirectUri
from core.domain.grants.consent import Consent
from core.domain.policy import Scope
from core.rpc.connection_notes import ConnectionNotes


class AuthorizationServicer(authorization_pb2_grpc.AuthorizationServiceServicer):
    """Proto → authorization request or decision → proto."""

    def __init__(self, endpoint: AuthorizationEndpoint, consent: Consent, notes: ConnectionNotes) -> None:
        self._endpoint = endpoint
        self._consent = consent
        self._notes = notes

    def StartAuthorization(
        self, request: authorization_pb2.StartAuthorizationRequest, context: grpc.ServicerContext
    ) -> authorization_pb2.StartAuthorizationResponse:
        parameters = _read_parameters(request)
        with self._notes.authorizing(parameters, request.browser_binding, request.network_address):
            outcome = self._endpoint.start(
                parameters, session_token=request.session_token, browser_binding=request.browser_binding
            )
        self._notes.authorization(parameters, request.browser_binding, request.network_address, outcome)
        return _write_outcome(outcome)

    def StartAuthorizationByDocument(
        self, request: authorization_pb2.StartAuthorizationByDocumentRequest, context: grpc.ServicerContext
    ) -> authorization_pb2.StartAuthorizationByDocumentResponse:
        parameters, browser = _read_parameters(request.request), request.request.browser_binding
        with self._notes.authorizing(parameters, browser, request.network_address, by_document=True):
            outcome = self._endpoint.start_by_document(
                parameters,
                session_token=request.request.session_token,
                browser_binding=browser,
                network_address=request.network_address,
            )
        self._notes.authorization(parameters, browser, request.network_address, outcome, by_document=True)
        return authorization_pb2.StartAuthorizationByDocumentResponse(response=_write_outcome(outcome))

    def DecideConsent(
        self, request: authorization_pb2.DecideConsentRequest, context: grpc.ServicerContext
    ) -> authorization_pb2.DecideConsentResponse:
        with self._notes.deciding(request.sealed_request, request.browser_binding, approved=request.approved):
            redirect = self._consent.decide(
                request.sealed_request,
                session_token=request.session_token,
                browser_binding=request.browser_binding,
                approved=request.approved,
            )
        return authorization_pb2.DecideConsentResponse(redirect=_write_redirect(redirect))


def write_parameters(parameters: Iterable[tuple[str, str]]) -> list[parameter_pb2.Parameter]:
    """Names and values, in order."""
    return [parameter_pb2.Parameter(name=name, value=value) for name, value in parameters]


def _read_parameters(request: authorization_pb2.StartAuthorizationRequest) -> list[tuple[str, str]]:
    return [(parameter.name, parameter.value) for parameter in request.parameters]


def _write_outcome(
    outcome: Redirect | LoginPrompt | ConsentPrompt | DocumentWanted,
) -> authorization_pb2.StartAuthorizationResponse:
    match outcome:
        case Redirect():
            return authorization_pb2.StartAuthorizationResponse(redirect=_write_redirect(outcome))
        case LoginPrompt():
            return authorization_pb2.StartAuthorizationResponse(login=_write_login(outcome))
        case ConsentPrompt():
            return authorization_pb2.StartAuthorizationResponse(consent=_write_consent(outcome))
        case DocumentWanted():
            return authorization_pb2.StartAuthorizationResponse(document=authorization_pb2.DocumentWanted())


def _write_redirect(redirect: Redirect) -> authorization_pb2.AuthorizationResponse:
    return authorization_pb2.AuthorizationResponse(
        redirect_uri=redirect.redirect_uri, parameters=write_parameters(redirect.parameters)
    )


def _write_login(prompt: LoginPrompt) -> authorization_pb2.LoginPrompt:
    return authorization_pb2.LoginPrompt(
        sealed_request=prompt.sealed_request,
        client=write_recipient(prompt.recipient.client, prompt.recipient.redirect_uri),
    )


def _write_consent(prompt: ConsentPrompt) -> authorization_pb2.ConsentPrompt:
    return authorization_pb2.ConsentPrompt(
        sealed_request=prompt.sealed_request,
        client=write_recipient(prompt.request.recipient.client, prompt.request.recipient.redirect_uri),
        username=prompt.user.username,
        scopes=write_scopes(prompt.scopes),
        resources=prompt.request.resources,
    )


def write_scopes(scopes: Iterable[Scope]) -> list[authorization_pb2.RequestedScope]:
    """Scopes with what they mean."""
    return [
        authorization_pb2.RequestedScope(
            name=scope.name, description=scope.description, translations=dict(scope.translations)
        )
        for scope in scopes
    ]


def write_client(client: Client) -> authorization_pb2.RequestingClient:
    """The client as the user should see it, wherever the answer goes."""
    client_id = client.client_id
    return authorization_pb2.RequestingClient(
        client_name=client.client_name or client_id,
        client_id=client_id,
        document_host=parse_document_url(client_id).authority if names_document(client_id) else "",
    )


def write_recipient(client: Client, redirect_uri: RedirectUri) -> authorization_pb2.RequestingClient:
    """The client as the user should see it, with where the answer goes."""
    written = write_client(client)
    written.redirect_host = redirect_uri.shown_host
    written.redirect_uri = redirect_uri.text
    written.own_machine = redirect_uri.on_own_machine
    return written
