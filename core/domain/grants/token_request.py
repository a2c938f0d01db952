"""A token request and its answer (RFC 6749 §3.2, §5.1)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeAlias, TypeVar

from core.domain.audit.act import Act, ActorKind, Result
from core.domain.audit.origin import ANONYMOUS, Actor
from core.domain.audit.record import AuditIntents, AuditRecord, record_of
from core.domain.authorization.device_authorization import DeviceAuthorizationIntents
from core.domain.clients.authentication import ClientCredentials
from core.domain.clients.client import Client, ClientFacts, ClientIntents
from core.domain.errors import InvalidGrant, OAuthError
from core.domain.grants.grant import Grant, GrantFacts, GrantIntents
from core.domain.policy import Policy
from core.domain.tokens.change import ChangeIntents
from core.domain.tokens.issuer import Entitlement
from core.domain.writing import Writes


@dataclass(frozen=True, slots=True)
class CodeParameters:
    """grant_type=authorization_code (RFC 6749 §4.1.3, RFC 7636 §4.5)."""

    code: str = field(repr=False)
    code_verifier: str | None = field(repr=False)
    redirect_uri: str | None


@dataclass(frozen=True, slots=True)
class RefreshParameters:
    """grant_type=refresh_token (RFC 6749 §6)."""

    refresh_token: str = field(repr=False)
    scope: str | None


@dataclass(frozen=True, slots=True)
class ClientCredentialsParameters:
    """grant_type=client_credentials (RFC 6749 §4.4.2)."""

    scope: str | None


@dataclass(frozen=True, slots=True)
class DeviceCodeParameters:
    """grant_type=urn:ietf:params:oauth:grant-type:device_code (RFC 8628 §3.4)."""

    device_code: str = field(repr=False)


#: Which grant type it is, and what belongs to it.
GrantParameters: TypeAlias = CodeParameters | RefreshParameters | ClientCredentialsParameters | DeviceCodeParameters


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What a client sent to the token endpoint."""

    grant: GrantParameters
    client: ClientCredentials
    resources: tuple[str, ...]
    #: 16 bytes, the same for every try of one HTTP request.
    attempt_id: bytes
    network_address: str
    #: What log lines of both processes call the HTTP request; empty where nobody named it.
    correlation_id: str = ""


@dataclass(frozen=True, slots=True)
class Issuance:
    """What a grant type allows to be issued: the outcome of its transaction."""

    grant: Grant
    scope: tuple[str, ...]
    resources: tuple[str, ...]
    #: The revision that the transaction saw.
    revision: int
    verdict: str

    @property
    def entitlement(self) -> Entitlement:
        """What the access token is made of."""
        return Entitlement(
            subject=self.grant.subject,
            client_id=self.grant.client_id,
            scope=self.scope,
            resources=self.resources,
            grant_id=self.grant.id,
            revision=self.revision,
            ends_at=self.grant.expires_at,
        )


@dataclass(frozen=True, slots=True)
class OwnIssuance:
    """As `Issuance`, for a token that is its client's own: there is no grant, so nothing to refresh."""

    entitlement: Entitlement
    grant: None = None
    verdict: str = "issued"


@dataclass(frozen=True, slots=True)
class RefusedGrant:
    """A refusal that left a trace: an outcome, not an exception, so that the writer commits what was written."""

    refusal: OAuthError
    #: Of a refresh token of this grant; None where it is no refresh token's, or no grant's.
    grant_id: bytes | None = None

    @property
    def verdict(self) -> str:
        """Why, in one word for operators."""
        return self.refusal.verdict if isinstance(self.refusal, InvalidGrant) else self.refusal.code


@dataclass(frozen=True, slots=True)
class TokenResponse:
    """RFC 6749 §5.1."""

    access_token: str = field(repr=False)
    expires_in: int
    refresh_token: str | None = field(repr=False)
    scope: tuple[str, ...]
    #: How it came to this, in one word for operators.
    verdict: str
    #: Under which it was issued.
    grant_id: bytes


class TokenTransaction(
    GrantFacts,
    GrantIntents,
    DeviceAuthorizationIntents,
    ClientFacts,
    ClientIntents,
    ChangeIntents,
    AuditIntents,
    Protocol,
):
    """What a grant type may do inside its transaction."""


#: Is told the verdict on a refresh token that names a grant, after the commit where there was something to write.
VerdictHeard: TypeAlias = Callable[[bytes, str], None]


def tell_nobody(_grant_id: bytes, _verdict: str) -> None:
    """`VerdictHeard` where nobody wants to know."""


TokenIntent: TypeAlias = Callable[[TokenTransaction], Issuance | OwnIssuance | RefusedGrant]


class TokenStore(GrantFacts, Writes[TokenTransaction], Protocol):
    """What a grant type needs of a store."""


ParametersT_contra = TypeVar("ParametersT_contra", contravariant=True)


class GrantType(Protocol, Generic[ParametersT_contra]):
    """One grant_type: reads its parameters, and says what its one transaction does."""

    #: RFC 6749 "grant_type".
    name: str

    def authorize(
        self, parameters: ParametersT_contra, request: TokenRequest, client: Client, policy: Policy
    ) -> TokenIntent:
        """The transaction, which brings what may be issued, or the refusal.

        Raises:
            OAuthError: refused before there was anything to write; the intent may raise it too, with nothing written.
        """
        ...

    def distrust(self, parameters: ParametersT_contra, request: TokenRequest, client_id: str) -> None:
        """Note that somebody who could not be taken for client `client_id` holds these parameters; after the commit.

        It is empty where the request named no client.
        """
        ...


def record_of_token(
    act: Act, request: TokenRequest, client_id: str, grant: Grant, verdict: str, result: Result, now: int
) -> AuditRecord:
    """The record of a verdict on what was presented for a grant; `client_id` is who has proven to be a client."""
    return record_of(
        act,
        at=now,
        result=result,
        reason=verdict,
        actor=Actor(ActorKind.CLIENT, client_id) if client_id else ANONYMOUS,
        subject=grant.subject,
        client_id=grant.client_id,
        target=grant.id.hex(),
        network_address=request.network_address,
        correlation_id=request.correlation_id,
    )
