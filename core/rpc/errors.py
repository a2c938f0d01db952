"""How refusals cross gRPC: the one table from the domain's refusals to status codes and ErrorInfo reasons."""

import logging
import secrets
from dataclasses import dataclass

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status
from tokenhouse.v1.item_error_pb2 import ItemError
from tokenhouse.v1.refusal_sentence_pb2 import RefusalSentence

from core.domain import errors
from core.domain.correlation import current_correlation_id
from core.domain.sayings import Said

_log = logging.getLogger(__name__)

DOMAIN = "tokenhouse"

_STATUS: dict[type[errors.Refusal], grpc.StatusCode] = {
    errors.InvalidRequest: grpc.StatusCode.INVALID_ARGUMENT,
    errors.InvalidClient: grpc.StatusCode.UNAUTHENTICATED,
    errors.ClientBlocked: grpc.StatusCode.UNAUTHENTICATED,
    errors.ClientRemoved: grpc.StatusCode.UNAUTHENTICATED,
    errors.InvalidGrant: grpc.StatusCode.FAILED_PRECONDITION,
    errors.UnauthorizedClient: grpc.StatusCode.PERMISSION_DENIED,
    errors.UnsupportedGrantType: grpc.StatusCode.UNIMPLEMENTED,
    errors.UnsupportedResponseType: grpc.StatusCode.INVALID_ARGUMENT,
    errors.InvalidScope: grpc.StatusCode.INVALID_ARGUMENT,
    errors.InvalidTarget: grpc.StatusCode.INVALID_ARGUMENT,
    errors.AccessDenied: grpc.StatusCode.PERMISSION_DENIED,
    errors.LoginRequired: grpc.StatusCode.UNAUTHENTICATED,
    errors.ConsentRequired: grpc.StatusCode.FAILED_PRECONDITION,
    errors.InvalidRedirectUri: grpc.StatusCode.INVALID_ARGUMENT,
    errors.RedirectUriNotInDocument: grpc.StatusCode.INVALID_ARGUMENT,
    errors.InvalidClientMetadata: grpc.StatusCode.INVALID_ARGUMENT,
    # Not UNAVAILABLE: the server is there and says "later"; asking again at once would make it worse.
    errors.TemporarilyUnavailable: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.AuthorizationPending: grpc.StatusCode.FAILED_PRECONDITION,
    errors.SlowDown: grpc.StatusCode.FAILED_PRECONDITION,
    errors.ExpiredToken: grpc.StatusCode.FAILED_PRECONDITION,
    errors.ClientDocumentRefused: grpc.StatusCode.INVALID_ARGUMENT,
    errors.ClientDocumentUnwanted: grpc.StatusCode.INVALID_ARGUMENT,
    errors.ClientDocumentWanted: grpc.StatusCode.FAILED_PRECONDITION,
    errors.ClientKeysWanted: grpc.StatusCode.FAILED_PRECONDITION,
    errors.LoginFailed: grpc.StatusCode.UNAUTHENTICATED,
    errors.LocalUsersOff: grpc.StatusCode.FAILED_PRECONDITION,
    errors.SignedInElsewhere: grpc.StatusCode.FAILED_PRECONDITION,
    errors.UpstreamLoginFailed: grpc.StatusCode.UNAUTHENTICATED,
    errors.UpstreamUserRefused: grpc.StatusCode.PERMISSION_DENIED,
    # Not UNAVAILABLE: this server is there, and asking again at once would help nobody.
    errors.UpstreamUnavailable: grpc.StatusCode.FAILED_PRECONDITION,
    errors.SecondFactorFailed: grpc.StatusCode.UNAUTHENTICATED,
    errors.PasskeyFailed: grpc.StatusCode.UNAUTHENTICATED,
    errors.PasskeyCountedBack: grpc.StatusCode.UNAUTHENTICATED,
    errors.TooManyAttempts: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.UnknownUserCode: grpc.StatusCode.NOT_FOUND,
    errors.InitialAccessTokenRefused: grpc.StatusCode.UNAUTHENTICATED,
    errors.RegistrationOff: grpc.StatusCode.FAILED_PRECONDITION,
    errors.ClientsDisabled: grpc.StatusCode.FAILED_PRECONDITION,
    errors.DeviceFlowDisabled: grpc.StatusCode.FAILED_PRECONDITION,
    errors.ConsoleOff: grpc.StatusCode.FAILED_PRECONDITION,
    errors.NotAnOperator: grpc.StatusCode.PERMISSION_DENIED,
    errors.InvalidArgument: grpc.StatusCode.INVALID_ARGUMENT,
    errors.NotFound: grpc.StatusCode.NOT_FOUND,
    errors.AlreadyExists: grpc.StatusCode.ALREADY_EXISTS,
    errors.FailedPrecondition: grpc.StatusCode.FAILED_PRECONDITION,
    errors.CallerUnknown: grpc.StatusCode.UNAUTHENTICATED,
    errors.CallerNotAllowed: grpc.StatusCode.PERMISSION_DENIED,
    errors.RevisionNotReached: grpc.StatusCode.FAILED_PRECONDITION,
    errors.StoreUnavailable: grpc.StatusCode.UNAVAILABLE,
}

_REASON: dict[type[errors.Refusal], str] = {
    errors.ClientBlocked: "CLIENT_BLOCKED",
    errors.ClientRemoved: "CLIENT_REMOVED",
    errors.RedirectUriNotInDocument: "REDIRECT_URI_NOT_IN_DOCUMENT",
    errors.ClientDocumentRefused: "CLIENT_DOCUMENT_REFUSED",
    errors.ClientDocumentUnwanted: "CLIENT_DOCUMENT_UNWANTED",
    errors.ClientDocumentWanted: "CLIENT_DOCUMENT_WANTED",
    errors.ClientKeysWanted: "CLIENT_KEYS_WANTED",
    errors.LoginFailed: "LOGIN_FAILED",
    errors.LocalUsersOff: "LOCAL_USERS_OFF",
    errors.SignedInElsewhere: "SIGNED_IN_ELSEWHERE",
    errors.UpstreamLoginFailed: "UPSTREAM_LOGIN_FAILED",
    errors.UpstreamUserRefused: "UPSTREAM_USER_REFUSED",
    errors.UpstreamUnavailable: "UPSTREAM_UNAVAILABLE",
    errors.SecondFactorFailed: "SECOND_FACTOR_FAILED",
    errors.PasskeyFailed: "PASSKEY_FAILED",
    # Nobody at the door learns which; the audit trail does.
    errors.PasskeyCountedBack: "PASSKEY_FAILED",
    errors.TooManyAttempts: "TOO_MANY_ATTEMPTS",
    errors.UnknownUserCode: "USER_CODE_UNKNOWN",
    errors.InitialAccessTokenRefused: "INITIAL_ACCESS_TOKEN_REFUSED",
    errors.RegistrationOff: "REGISTRATION_OFF",
    errors.ClientsDisabled: "OAUTH_CLIENTS_DISABLED",
    errors.DeviceFlowDisabled: "DEVICE_FLOW_DISABLED",
    errors.ConsoleOff: "CONSOLE_OFF",
    errors.NotAnOperator: "NOT_AN_OPERATOR",
    errors.InvalidArgument: "INVALID_ARGUMENT",
    errors.NotFound: "NOT_FOUND",
    errors.AlreadyExists: "ALREADY_EXISTS",
    errors.FailedPrecondition: "FAILED_PRECONDITION",
    errors.CallerUnknown: "CALLER_UNKNOWN",
    errors.CallerNotAllowed: "CALLER_NOT_ALLOWED",
    errors.RevisionNotReached: "REVISION_NOT_REACHED",
    errors.StoreUnavailable: "TEMPORARILY_UNAVAILABLE",
}

#: Of a value in a sentence, in characters. Beyond ASCII each takes five bytes of trailers that have 8 KiB.
_LONGEST, _LONGEST_BEYOND_ASCII = 400, 100

#: What to wait, in seconds, where a refusal is temporary and says no time of its own.
_RETRY_AFTER = 2


@dataclass(frozen=True, slots=True)
class Failure:
    """A refusal as it goes over the wire."""

    code: grpc.StatusCode
    reason: str
    description: str
    #: In seconds.
    retry_after: int | None = None
    #: The page of the facade's that a login was for.
    back_to: str = ""
    #: The description again, for pages of every language.
    said: tuple[Said, ...] = ()
    #: Whose tries are used up, where that is why.
    used_up: str = ""

    def to_status(self) -> grpc.Status:
        """The status of a whole call, with ErrorInfo and, where waiting helps, RetryInfo."""
        known = {name: text for name, text in (("back_to", self.back_to), ("used_up", self.used_up)) if text}
        packed = [_pack(ErrorInfo(reason=self.reason, domain=DOMAIN, metadata=known))]
        if self.retry_after is not None:
            packed.append(_pack(RetryInfo(retry_delay=Duration(seconds=self.retry_after))))
        packed += [_pack(sentence_of(said)) for said in self.said]
        status = Status(code=self.code.value[0], message=self.description, details=packed)
        wire: grpc.Status = rpc_status.to_status(status)
        return wire

    def to_item_error(self) -> ItemError:
        """The status of one item of a batch."""
        return ItemError(
            code=self.code.value[0], reason=self.reason, description=self.description, retry_after=self.retry_after
        )


def reason_of(error: Exception) -> str:
    """The reason of google.rpc.ErrorInfo: one of a few."""
    if not isinstance(error, errors.Refusal):
        return "SERVER_ERROR"
    if isinstance(error, errors.OAuthError) and type(error) not in _REASON:
        return error.code.upper()
    return _REASON[type(error)]


#: What the facade answers with another call.
_ASKS_FOR_MORE = (errors.ClientDocumentWanted, errors.ClientKeysWanted)


def describe(error: Exception) -> Failure:
    """The failure to answer with. What is no refusal is logged under an incident id, which is all the caller learns.

    The id is the number of the HTTP request in progress, where there is one: it stands on the page, too. So of such
    a request every refusal leaves a line, for whoever is told the number; what only asks for more is none.
    """
    reason = reason_of(error)
    if isinstance(error, errors.Refusal):
        if current_correlation_id() and not isinstance(error, _ASKS_FOR_MORE):
            _log.info("refused", extra={"reason": reason} | ({"why": error.why} if error.why else {}))
        retry_after, used_up = None, ""
        if isinstance(error, errors.TooManyAttempts):
            retry_after, used_up = error.retry_after, error.used_up
        elif isinstance(error, errors.StoreUnavailable | errors.TemporarilyUnavailable):
            retry_after = _RETRY_AFTER
        return Failure(_STATUS[type(error)], reason, error.description, retry_after, error.back_to, error.said, used_up)
    incident = current_correlation_id() or secrets.token_hex(8)
    _log.error("incident %s", incident, exc_info=error)
    return Failure(grpc.StatusCode.INTERNAL, reason, f"incident {incident}")


def sentence_of(said: Said) -> RefusalSentence:
    """Its name and values, for whoever says it in another language."""
    values = {name: _shorten(text) for name, text in said.values.items()}
    return RefusalSentence(sentence=said.sentence, values=values)


def _shorten(text: str) -> str:
    most = _LONGEST if text.isascii() else _LONGEST_BEYOND_ASCII
    return text if len(text) <= most else f"{text[: most * 3 // 5]}...{text[-most // 3 :]}"


def _pack(message: ErrorInfo | RetryInfo | RefusalSentence) -> Any:
    packed = Any()
    packed.Pack(message)
    return packed
