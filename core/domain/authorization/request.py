"""The authorization request (RFC 6749 §4.1.1), checked in one fixed order.

First the client and its redirect_uri: until both are known good, a refusal is a page and never a redirect
(RFC 6749 §4.1.2.1). Everything after that is refused at the redirect_uri, where the client can read it.
"""

from dataclasses import dataclass

from core.domain.authorization.parameters import Parameters, find_all, find_one, require_no_repeats
from core.domain.authorization.pkce import require_code_challenge
from core.domain.authorization.scope import grantable_scope
from core.domain.clients.client import BLOCKED, Client, ClientSource
from core.domain.clients.metadata_document import require_redirect_allowed
from core.domain.clients.redirect_policy import RedirectUri, parse_redirect_uri
from core.domain.errors import (
    ClientBlocked,
    InvalidClient,
    InvalidRedirectUri,
    InvalidRequest,
    RedirectUriNotInDocument,
    UnauthorizedClient,
    UnsupportedResponseType,
)
from core.domain.policy import Policy
from core.domain.sayings import say
from core.domain.tokens.resource import require_resources

#: Why a redirect URI is none of a client's, by how the client came to be known: who can change it is another one.
_NOT_ITS_OWN = {
    ClientSource.OPERATOR: "redirect_uri_not_added",
    ClientSource.DOCUMENT: "redirect_uri_not_in_document",
    ClientSource.REGISTRATION: "redirect_uri_not_registered",
}


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom the browser may be sent back to, and what the answer must echo."""

    client: Client
    redirect_uri: RedirectUri
    state: str | None


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request that may be put to the user."""

    recipient: Recipient
    scope: tuple[str, ...]
    #: In their owners' spelling; empty: server-wide.
    resources: tuple[str, ...]
    code_challenge: str
    prompt: frozenset[str]


def require_client_id(parameters: Parameters) -> str:
    """Who the client says it is. Whatever this raises is shown as a page.

    Raises:
        InvalidRequest: client_id is missing or repeated.
    """
    client_id = find_one(parameters, "client_id")
    if client_id is None:
        raise InvalidRequest(say("parameter_missing", name="client_id"))
    return client_id


def require_recipient(parameters: Parameters, client: Client | None, policy: Policy) -> Recipient:
    """The client of this request, where there is one, and its redirect_uri. Whatever this raises is shown as a page.

    Raises:
        InvalidRequest: redirect_uri is missing or repeated.
        InvalidClient, ClientBlocked: there is no such client, or the operator has blocked it.
        InvalidRedirectUri: not registered for this client, or no longer allowed by policy.
    """
    if client is None:
        raise InvalidClient("this server does not know the app that sent you here").because("client_unknown")
    if client.blocked:
        raise ClientBlocked(BLOCKED).because("client_blocked")
    sent_uri = find_one(parameters, "redirect_uri")
    if sent_uri is None:
        raise InvalidRequest(say("parameter_missing", name="redirect_uri"))
    redirect_uri = parse_redirect_uri(sent_uri)
    if not client.has_redirect_uri(redirect_uri):
        raise _not_its_own(client, redirect_uri).because(_NOT_ITS_OWN[client.source], redirect_uri.text)
    require_redirect_allowed(client, redirect_uri, policy)
    states = [value for name, value in parameters if name == "state" and value]
    # A repeated state is refused below; which of them to echo nobody can say, so none is.
    return Recipient(client, redirect_uri, states[0] if len(states) == 1 else None)


def _not_its_own(client: Client, redirect_uri: RedirectUri) -> InvalidRedirectUri:
    if client.source is ClientSource.DOCUMENT:
        # Connecting again, which helps whoever registers, would find the same document.
        return RedirectUriNotInDocument(
            say("redirect_uri_not_in_document", uri=redirect_uri.text, client_id=client.client_id)
        )
    if client.source is ClientSource.OPERATOR:
        # No setting adds to these, and no tool can.
        return InvalidRedirectUri(say("redirect_uri_not_added", uri=redirect_uri.text))
    return InvalidRedirectUri(say("redirect_uri_not_registered", uri=redirect_uri.text))


def require_authorization_request(parameters: Parameters, recipient: Recipient, policy: Policy) -> AuthorizationRequest:
    """Everything else about the request. Whatever this raises goes to the redirect_uri.

    Raises:
        InvalidRequest, UnsupportedResponseType, UnauthorizedClient: RFC 6749 §4.1.2.1.
        InvalidScope: not one of those that an operator has listed for this client.
        InvalidTarget: RFC 8707 §2.
    """
    require_no_repeats(parameters)
    response_type = find_one(parameters, "response_type")
    if response_type is None:
        raise InvalidRequest(say("parameter_missing", name="response_type"))
    if response_type != "code":
        raise UnsupportedResponseType("response_type must be code")
    if (find_one(parameters, "response_mode") or "query") != "query":
        raise InvalidRequest("response_mode must be query")
    if "authorization_code" not in recipient.client.grant_types:
        raise UnauthorizedClient("this client is not registered for authorization_code")
    challenge = require_code_challenge(
        find_one(parameters, "code_challenge"), find_one(parameters, "code_challenge_method")
    )
    prompt = frozenset((find_one(parameters, "prompt") or "").split())
    return AuthorizationRequest(
        recipient,
        scope=grantable_scope(find_one(parameters, "scope"), policy, recipient.client.terms.scope),
        resources=require_resources(find_all(parameters, "resource"), policy),
        code_challenge=challenge,
        prompt=prompt,
    )
