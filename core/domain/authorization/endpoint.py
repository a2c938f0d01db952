"""The authorization endpoint (RFC 6749 §3.1): what comes next for a request, before anything is stored."""

from dataclasses import dataclass, replace

from core.domain.authorization.parameters import Parameters, without
from core.domain.authorization.request import (
    AuthorizationRequest,
    Recipient,
    require_authorization_request,
    require_client_id,
    require_recipient,
)
from core.domain.authorization.scope import describe_scopes
from core.domain.authorization.sealed_request import RequestSeal, SealedRequest
from core.domain.clients.client import Client, ClientFacts
from core.domain.clients.document_url import names_document
from core.domain.clients.documents import ClientDocuments
from core.domain.clients.metadata_document import client_of_metadata
from core.domain.clock import Clock
from core.domain.errors import ClientRemoved, ClientsDisabled, ConsentRequired, InvalidClient, LoginRequired, OAuthError
from core.domain.policy import Policy, PolicySource, Scope
from core.domain.sessions.login import Logins
from core.domain.users.user import User


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send the browser back to the client with these parameters (RFC 6749 §4.1.2, RFC 9207)."""

    redirect_uri: str
    parameters: tuple[tuple[str, str], ...]
    #: What is told to the client, where that is a refusal.
    refusal: OAuthError | None = None


@dataclass(frozen=True, slots=True)
class DocumentWanted:
    """The client's document has to be fetched first: ask again with `start_by_document`."""


@dataclass(frozen=True, slots=True)
class LoginPrompt:
    """Ask the user to log in."""

    sealed_request: str
    recipient: Recipient


@dataclass(frozen=True, slots=True)
class ConsentPrompt:
    """Ask the user to decide."""

    sealed_request: str
    request: AuthorizationRequest
    user: User
    scopes: tuple[Scope, ...]


def redirect_to(recipient: Recipient, policy: Policy, **parameters: str) -> Redirect:
    """An answer to the client: the parameters, then `state` exactly as sent, then `iss` (RFC 9207 §2)."""
    state = {} if recipient.state is None else {"state": recipient.state}
    answer = {**parameters, **state, "iss": policy.issuer}
    return Redirect(recipient.redirect_uri.text, tuple(answer.items()))


def redirect_refusal(recipient: Recipient, policy: Policy, refusal: OAuthError) -> Redirect:
    """A refusal as the client reads it (RFC 6749 §4.1.2.1)."""
    answer = redirect_to(recipient, policy, error=refusal.code, error_description=refusal.description)
    return replace(answer, refusal=refusal)


class AuthorizationEndpoint:
    """Checks requests and says what the browser shows next."""

    def __init__(
        self,
        clients: ClientFacts,
        documents: ClientDocuments,
        logins: Logins,
        seal: RequestSeal,
        policy: PolicySource,
        clock: Clock,
    ) -> None:
        self._clients = clients
        self._documents = documents
        self._logins = logins
        self._seal = seal
        self._policy = policy
        self._clock = clock

    def start(
        self, parameters: Parameters, *, session_token: str, browser_binding: bytes
    ) -> Redirect | LoginPrompt | ConsentPrompt | DocumentWanted:
        """What comes next for this request in this browser.

        Raises:
            InvalidRequest, InvalidClient, ClientRemoved, InvalidRedirectUri, ClientDocumentRefused: for a page; nothing
                may be sent to the redirect_uri.
            ClientsDisabled: the operator switched OAuth clients off.
        """
        policy = self._policy.current
        require_clients_enabled(policy)
        client_id = require_client_id(parameters)
        if not names_document(client_id):
            client = self._require_not_removed(client_id)
        elif (client := self._documents.find(client_id, policy)) is None:
            return DocumentWanted()
        return self._proceed(parameters, client, policy, session_token, browser_binding)

    def start_by_document(
        self, parameters: Parameters, *, session_token: str, browser_binding: bytes, network_address: str
    ) -> Redirect | LoginPrompt | ConsentPrompt:
        """As `start`, for a client that is known by a document; waits while that is fetched.

        Raises:
            InvalidRequest, InvalidClient, InvalidRedirectUri, ClientDocumentRefused: for a page.
            TooManyAttempts, TemporarilyUnavailable: for a page; documents may be fetched again later.
            ClientsDisabled: the operator switched OAuth clients off.
        """
        policy = self._policy.current
        require_clients_enabled(policy)
        client_id = require_client_id(parameters)
        if not names_document(client_id):
            raise InvalidClient("this client is not known by a document")
        client = self._documents.load(client_id, policy, network_address=network_address)
        return self._proceed(parameters, client, policy, session_token, browser_binding)

    def _proceed(
        self,
        parameters: Parameters,
        client: Client | None,
        policy: Policy,
        session_token: str,
        browser_binding: bytes,
    ) -> Redirect | LoginPrompt | ConsentPrompt:
        recipient = require_recipient(parameters, client, policy)
        try:
            request = require_authorization_request(parameters, recipient, policy)
            user = self._logins.find_user(session_token)
            # Beside another one, which asks for a page, it means nothing; no prompt but this one is ever an error.
            if request.prompt == {"none"}:
                raise _silent_refusal(user)
        except OAuthError as refusal:
            if not refusal.redirectable:
                raise
            return redirect_refusal(recipient, policy, refusal)
        known_by_document = names_document(recipient.client.client_id)
        sealed = self._seal.seal(parameters, browser_binding, recipient.client.metadata if known_by_document else "")
        if user is None or "login" in request.prompt:
            return LoginPrompt(sealed, recipient)
        return ConsentPrompt(sealed, request, user, describe_scopes(request.scope, policy))

    def reopen(self, sealed: str, browser_binding: bytes) -> tuple[SealedRequest, AuthorizationRequest]:
        """A sealed request, opened and checked again from its first parameter to its last.

        Raises:
            OAuthError: it has expired, or what was right when it was sealed is so no longer.
        """
        policy = self._policy.current
        require_clients_enabled(policy)
        opened = self._seal.require_open(sealed, browser_binding)
        recipient = require_recipient(opened.parameters, self._find_client(opened, policy), policy)
        return opened, require_authorization_request(opened.parameters, recipient, policy)

    def _find_client(self, opened: SealedRequest, policy: Policy) -> Client | None:
        if not opened.client_metadata:
            return self._require_not_removed(require_client_id(opened.parameters))
        # The one that was on the page, whatever its document says by now; nothing is fetched.
        client = client_of_metadata(opened.client_metadata, self._clock.now())
        self._documents.require_wanted(client.client_id, policy)
        return client

    def _require_not_removed(self, client_id: str) -> Client | None:
        client = self._clients.find_client(client_id)
        if client is None and self._clients.was_preregistered(client_id):
            raise ClientRemoved(
                "whoever runs this server had added the app that sent you here, and has removed it"
            ).because("client_unknown")
        return client

    def parameters_after_login(self, sealed: str, browser_binding: bytes) -> tuple[tuple[str, str], ...]:
        """The request to go on with once the user has logged in; `prompt=login` is fulfilled and taken out.

        Raises:
            OAuthError: as `reopen`.
        """
        opened, _ = self.reopen(sealed, browser_binding)
        return without(opened.parameters, "prompt", "login")

    def wants_login(self, sealed: str, browser_binding: bytes) -> bool:
        """Whether the request has prompt=login (OpenID Connect Core §3.1.2.1): whoever is signed in signs in anew.

        Raises:
            OAuthError: as `reopen`.
        """
        _, request = self.reopen(sealed, browser_binding)
        return "login" in request.prompt


def require_clients_enabled(policy: Policy) -> None:
    """Pass while OAuth clients are switched on.

    Raises:
        ClientsDisabled: they are not.
    """
    if not policy.clients_enabled:
        raise ClientsDisabled("OAuth clients are switched off")


def _silent_refusal(user: User | None) -> OAuthError:
    # A client that cannot prove who it is never gets a code without the user's yes (RFC 6749 §10.2).
    if user is None:
        return LoginRequired("the user is not logged in")
    return ConsentRequired("the user must consent")
