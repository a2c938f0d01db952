"""Every refusal the core knows.

Exception tree::

    Refusal
    ├── OAuthError            a registered OAuth error code, for the client's developer
    │   ├── InvalidRequest, InvalidClient, InvalidGrant, UnauthorizedClient, UnsupportedGrantType,
    │   │   InvalidScope, InvalidTarget, AccessDenied, UnsupportedResponseType, LoginRequired,
    │   │   ConsentRequired, InvalidRedirectUri, InvalidClientMetadata, TemporarilyUnavailable,
    │   │   AuthorizationPending, SlowDown, ExpiredToken
    │   ├── ClientBlocked, ClientRemoved   an InvalidClient at a page, whose reader would register in vain
    │   └── RedirectUriNotInDocument   an InvalidRedirectUri that no setting allows and no new registration adds
    ├── ClientDocumentRefused a client_id is a URL, and what is there cannot be used; names both
    │   └── ClientDocumentUnwanted   whatever is there: this server takes no documents from there
    ├── ClientKeysWanted      a client's keys have to be fetched first; nothing was decided
    ├── ClientDocumentWanted  a terminal's document has to be fetched first; nothing was decided
    ├── LoginFailed           wrong name, wrong password or disabled account: one and the same
    ├── LocalUsersOff         nobody signs in with a password here
    ├── SignedInElsewhere     who has no password here has nothing here to prove who they are with, or to secure
    ├── UpstreamLoginFailed   a login at another provider came back in a way that proves nothing
    ├── UpstreamUserRefused   the provider has said who it is, and this server does not let them in
    ├── UpstreamUnavailable   the provider does not answer, or not as it should
    ├── SecondFactorFailed    the password was right, and the code is not
    ├── PasskeyFailed         a passkey proves nothing: one and the same whatever is wrong with it
    │   └── PasskeyCountedBack    it is good, and there may be a copy of it
    ├── TooManyAttempts       a rate is used up; says how long to wait
    ├── UnknownUserCode       a user code that is unknown, expired or used: one and the same
    ├── InitialAccessTokenRefused   registering needs a token, and this is none that is good
    ├── RegistrationOff       registering is for nobody
    ├── ClientsDisabled       the operator switched OAuth clients off
    ├── ConsoleOff            there is no console for operators
    ├── NotAnOperator         the console is not for this user
    ├── DeviceFlowDisabled    the operator switched the device flow off
    ├── InvalidArgument, NotFound, AlreadyExists, FailedPrecondition     for operators and services
    ├── CallerUnknown, CallerNotAllowed     an internal service that is not listed, or not for this
    ├── RevisionNotReached    a service knows more changes than this core
    └── StoreUnavailable      nothing was written; try again later

No transport numbers here: `core.rpc.errors` has the one table that turns these into gRPC.
"""

from typing import ClassVar, Self

from core.domain.sayings import Said, say

#: RFC 6749 §5.2: %x20-21 / %x23-5B / %x5D-7E.
_DESCRIPTIVE = frozenset(map(chr, range(0x20, 0x7F))) - set('"\\')
#: The longest description, in characters; every one of them may become 16 bytes of a header that has 8 KiB.
_LONGEST = 400


class Refusal(Exception):
    """A refusal with one sentence for whoever asked. The sentence never holds a secret."""

    def __init__(self, description: str) -> None:
        """`description` may quote what was sent; a long one is cut in its middle, since it travels in headers."""
        super().__init__(description)
        self.description = _shorten(description)
        #: The same for a page, whose reader may speak another language: a sentence or more. None: the kind says it all.
        self.said: tuple[Said, ...] = (description,) if isinstance(description, Said) else ()
        #: Why, in one word for operators, where the kind of refusal leaves that open; nobody else is told.
        self.why = ""
        #: The URI that it is about, where there is one.
        self.about = ""
        #: For the audit trail alone: the user and the client whom it concerns, where they are known.
        self.subject = ""
        self.client_id = ""
        #: Of a login elsewhere: the page that it was to lead back to, which whoever is refused may want to see again.
        self.back_to = ""
        #: What it left behind was written together with a record of it.
        self.recorded = False

    def saying(self, *sentences: str) -> Self:
        """The same refusal, with these of its sentences for pages."""
        self.said = tuple(each for each in sentences if isinstance(each, Said))
        return self

    def because(self, why: str, about: str = "") -> Self:
        """The same refusal, with more of it for operators."""
        self.why, self.about = why, about
        return self


class OAuthError(Refusal):
    """A registered OAuth error (RFC 6749 §11.4)."""

    #: The registered code.
    code: ClassVar[str]
    #: May it be sent to the client's redirect_uri (RFC 6749 §4.1.2.1)?
    redirectable: ClassVar[bool] = False

    def __init__(self, description: str) -> None:
        """`description` may quote what was sent: what an error_description cannot hold (RFC 6749 §5.2) becomes "?"."""
        super().__init__("".join(letter if letter in _DESCRIPTIVE else "?" for letter in description))
        self.saying(description)


class InvalidRequest(OAuthError):
    """RFC 6749 §4.1.2.1, §5.2."""

    code = "invalid_request"
    redirectable = True


class InvalidClient(OAuthError):
    """RFC 6749 §5.2: unknown, deleted or blocked client, or failed authentication."""

    code = "invalid_client"


class ClientBlocked(InvalidClient):
    """The operator has blocked the client: told on a page alone, since its reader would register it again in vain."""


class ClientRemoved(InvalidClient):
    """An operator had added the client, and has deleted it: told on a page alone, since only they can add it again."""


class InvalidGrant(OAuthError):
    """RFC 6749 §5.2: the code or refresh token is not good, or not for this client."""

    code = "invalid_grant"

    def __init__(self, description: str, verdict: str = "refused") -> None:
        """`verdict` says why, in one word for operators; whoever asked learns no more than the description."""
        super().__init__(description)
        self.verdict = verdict


class UnauthorizedClient(OAuthError):
    """RFC 6749 §4.1.2.1, §5.2: this client may not use this grant type."""

    code = "unauthorized_client"
    redirectable = True


class UnsupportedGrantType(OAuthError):
    """RFC 6749 §5.2."""

    code = "unsupported_grant_type"


class UnsupportedResponseType(OAuthError):
    """RFC 6749 §4.1.2.1."""

    code = "unsupported_response_type"
    redirectable = True


class InvalidScope(OAuthError):
    """RFC 6749 §4.1.2.1, §5.2."""

    code = "invalid_scope"
    redirectable = True


class InvalidTarget(OAuthError):
    """RFC 8707 §2."""

    code = "invalid_target"
    redirectable = True


class AccessDenied(OAuthError):
    """RFC 6749 §4.1.2.1: the user said no."""

    code = "access_denied"
    redirectable = True


class LoginRequired(OAuthError):
    """OpenID Connect Core §3.1.2.6, for prompt=none; also: the session a form was made for has ended."""

    code = "login_required"
    redirectable = True


class ConsentRequired(OAuthError):
    """OpenID Connect Core §3.1.2.6, for prompt=none."""

    code = "consent_required"
    redirectable = True


class InvalidRedirectUri(OAuthError):
    """RFC 7591 §3.2.2; at the authorization endpoint a page, never a redirect."""

    code = "invalid_redirect_uri"


class RedirectUriNotInDocument(InvalidRedirectUri):
    """The client's own document does not list it: its makers can, or the operator gives a document that does."""


class InvalidClientMetadata(OAuthError):
    """RFC 7591 §3.2.2."""

    code = "invalid_client_metadata"


class TemporarilyUnavailable(OAuthError):
    """RFC 6749 §4.1.2.1."""

    code = "temporarily_unavailable"
    redirectable = True


class AuthorizationPending(OAuthError):
    """RFC 8628 §3.5: the user has not decided yet."""

    code = "authorization_pending"


class SlowDown(OAuthError):
    """RFC 8628 §3.5: as `AuthorizationPending`, and the device asks too often."""

    code = "slow_down"


class ExpiredToken(OAuthError):
    """RFC 8628 §3.5: the device code has expired."""

    code = "expired_token"


class ClientDocumentRefused(Refusal):
    """A client_id that is a URL leads to no document that can be used: for a page, since nobody knows whom to tell."""

    def __init__(self, reason: str, client_id: str = "", again: str = "") -> None:
        """`reason` is for the user and for the document's author: nothing of the network that this server stands in.
        `again` is when it is worth another try, where that is known."""
        why = f"{reason}; {again}" if again else reason
        text = _shorten(f"{client_id}: {why}" if client_id else why)
        super().__init__("".join(letter if letter in _DESCRIPTIVE else "?" for letter in text))
        self.saying(*([say("document_at", url=client_id)] if client_id else []), reason, again)
        self.reason = reason


class ClientDocumentUnwanted(ClientDocumentRefused):
    """This server's settings let in no app from there: trying again is in vain, and only its operator can help."""


class ClientKeysWanted(Refusal):
    """A client's keys have to be fetched before it can prove who it is: nothing was decided."""


class ClientDocumentWanted(Refusal):
    """A client's document has to be fetched before a terminal's request can wait for its user: nothing was decided."""


class LoginFailed(Refusal):
    """Wrong name, wrong password or disabled account: nobody learns which."""


class LocalUsersOff(Refusal):
    """Server.LocalUsers is false."""


class SignedInElsewhere(Refusal):
    """The user has no password here: another OpenID provider says who they are, and has their factors."""


class UpstreamLoginFailed(Refusal):
    """What came back from an OpenID provider proves nothing: its state, issuer, code or ID token is not good."""


class UpstreamUserRefused(Refusal):
    """An OpenID provider has said who it is, and this server does not let them in."""


class UpstreamUnavailable(Refusal):
    """An OpenID provider cannot be reached, or does not answer as OpenID Connect asks for."""


class SecondFactorFailed(Refusal):
    """The code is not one of now, or was used before."""


class PasskeyFailed(Refusal):
    """A passkey that is unknown or somebody else's, or an answer that proves nothing: nobody learns which."""


class PasskeyCountedBack(PasskeyFailed):
    """The signature is good, and its count is not beyond the last one: there may be a copy (WebAuthn §6.1.1)."""


class TooManyAttempts(Refusal):
    """A rate is used up; `retry_after` in seconds, at least 1."""

    def __init__(self, description: str, retry_after: int, used_up: str = "") -> None:
        """`used_up` is whose tries those were, as `core.domain.limits.used_up` has it, where a page tells."""
        super().__init__(description)
        self.retry_after = retry_after
        self.used_up = used_up


class UnknownUserCode(Refusal):
    """A user code that is unknown, expired or used: nobody learns which (RFC 8628 §5.1)."""


class InitialAccessTokenRefused(Refusal):
    """RFC 7591 §3: no initial access token, or one that is unknown, has expired or is used up: nobody learns which."""


class RegistrationOff(Refusal):
    """Registration.Mode is off."""


class ClientsDisabled(Refusal):
    """Server.OAuthClientsEnabled is false."""


class DeviceFlowDisabled(Refusal):
    """OAuth.DeviceFlow is false."""


class ConsoleOff(Refusal):
    """Console.OperatorGroup is empty."""


class NotAnOperator(Refusal):
    """The user is not in the group of Console.OperatorGroup."""


class InvalidArgument(Refusal):
    """What an operator or a service sent cannot be used."""


class NotFound(Refusal):
    """There is no such user, client or grant."""


class AlreadyExists(Refusal):
    """The name is taken."""


class FailedPrecondition(Refusal):
    """It cannot be done in this state."""


class CallerUnknown(Refusal):
    """Neither certificate nor token is one of a listed caller."""


class CallerNotAllowed(Refusal):
    """A listed caller asks for what its entry does not list."""


class RevisionNotReached(Refusal):
    """The core knows less than the caller says it knows: its database was restored from a backup."""


class StoreUnavailable(Refusal):
    """The store could not write or read; nothing of it happened."""


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:240]}...{text[-157:]}"
