"""The one table of refusals: reason → HTTP status, error code, and what a person is told.

The core names a reason in google.rpc.ErrorInfo; what the facade refuses by itself has a reason of the same kind.
A reason that is not in the table is an incident: the client learns `server_error` and a number, the log the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from facade.texts.languages import ENGLISH


class Refusal(Exception):
    """A request was refused; `description` is one sentence without secrets, `retry_after` is in seconds."""

    def __init__(self, reason: str, description: str = "", retry_after: int | None = None) -> None:
        super().__init__(f"{reason}: {description}")
        self.reason = reason
        self.description = description
        self.retry_after = retry_after
        #: The same for pages: the names of sentences of the catalogues, [detail], with what is put into them.
        self.said: list[tuple[str, Mapping[str, str]]] = []
        #: Which page the login was for, where it is one of a login elsewhere.
        self.back_to = ""
        #: Which page of ours the form stood in front of, by its name in `facade.sealed_page`; empty where it was none.
        self.page = ""
        #: Whose tries are used up, where it is refused for that: `used_up` of session.proto.
        self.used_up = ""

    def saying(self, sentence: str, **values: str) -> Self:
        """The same refusal, with one more sentence for pages."""
        self.said.append((sentence, values))
        return self


@dataclass(frozen=True, slots=True)
class Answer:
    """How one reason is answered."""

    status: int
    #: The "error" of a JSON reply (RFC 6749 §5.2, RFC 7591 §3.2.2).
    error: str
    #: Where the catalogues of `facade/texts` have what people are told: [error.WORDS].
    words: str

    @property
    def title(self) -> str:
        """The heading in English, for whoever develops a client."""
        return str(ENGLISH.text(f"error.{self.words}.title"))


_BROKEN_REQUEST = "broken_request"
_UNAVAILABLE = Answer(503, "temporarily_unavailable", "unavailable")
_EXPIRED = Answer(403, "access_denied", "page_expired")
_NOT_FOUND = Answer(404, "not_found", "not_found")

SERVER_ERROR = Answer(500, "server_error", "server_error")

ANSWERS: dict[str, Answer] = {
    "INVALID_REQUEST": Answer(400, "invalid_request", _BROKEN_REQUEST),
    "INVALID_CLIENT": Answer(401, "invalid_client", "unknown_client"),
    "CLIENT_BLOCKED": Answer(401, "invalid_client", "blocked_client"),
    "CLIENT_REMOVED": Answer(401, "invalid_client", "removed_client"),
    "INVALID_GRANT": Answer(400, "invalid_grant", "grant_over"),
    "UNAUTHORIZED_CLIENT": Answer(400, "unauthorized_client", "unauthorized_client"),
    "UNSUPPORTED_GRANT_TYPE": Answer(400, "unsupported_grant_type", _BROKEN_REQUEST),
    "UNSUPPORTED_RESPONSE_TYPE": Answer(400, "unsupported_response_type", _BROKEN_REQUEST),
    "INVALID_SCOPE": Answer(400, "invalid_scope", _BROKEN_REQUEST),
    "INVALID_TARGET": Answer(400, "invalid_target", _BROKEN_REQUEST),
    "ACCESS_DENIED": Answer(400, "access_denied", "access_denied"),
    # For devices that poll (RFC 8628 §3.5); no page ever says so.
    "AUTHORIZATION_PENDING": Answer(400, "authorization_pending", "authorization_pending"),
    "SLOW_DOWN": Answer(400, "slow_down", "slow_down"),
    "EXPIRED_TOKEN": Answer(400, "expired_token", "code_expired"),
    "USER_CODE_UNKNOWN": Answer(400, "invalid_request", "unknown_code"),
    "LOGIN_REQUIRED": Answer(403, "login_required", "signed_out"),
    "CONSENT_REQUIRED": Answer(403, "consent_required", "consent_required"),
    "INVALID_REDIRECT_URI": Answer(400, "invalid_redirect_uri", "redirect_uri"),
    "REDIRECT_URI_NOT_IN_DOCUMENT": Answer(400, "invalid_redirect_uri", "redirect_uri_not_in_document"),
    "CLIENT_DOCUMENT_REFUSED": Answer(400, "invalid_client", "client_document"),
    "CLIENT_DOCUMENT_UNWANTED": Answer(400, "invalid_client", "unwanted_client_document"),
    "INVALID_CLIENT_METADATA": Answer(400, "invalid_client_metadata", _BROKEN_REQUEST),
    # RFC 6750 §3.1: of a token of its type.
    "INITIAL_ACCESS_TOKEN_REFUSED": Answer(401, "invalid_token", "initial_access_token"),
    "REGISTRATION_OFF": Answer(403, "access_denied", "registration_off"),
    "TEMPORARILY_UNAVAILABLE": _UNAVAILABLE,
    # The core had too much to do, or came to it too late.
    "OVERLOADED": _UNAVAILABLE,
    # They were fetched, and are wanted again: somebody was quicker, or has deleted the client meanwhile.
    "CLIENT_KEYS_WANTED": _UNAVAILABLE,
    "CLIENT_DOCUMENT_WANTED": _UNAVAILABLE,
    "DEADLINE_EXCEEDED": _UNAVAILABLE,
    "LOGIN_FAILED": Answer(403, "access_denied", "login_failed"),
    "INVALID_ARGUMENT": Answer(400, "invalid_request", _BROKEN_REQUEST),
    "SECOND_FACTOR_FAILED": Answer(403, "access_denied", "login_failed"),
    "PASSKEY_FAILED": Answer(403, "access_denied", "login_failed"),
    # A form of a page that somebody has left behind in another tab.
    "FAILED_PRECONDITION": _EXPIRED,
    "PASSWORDS_DIFFER": Answer(400, "invalid_request", _BROKEN_REQUEST),
    "LOCAL_USERS_OFF": Answer(403, "access_denied", "local_users_off"),
    "SIGNED_IN_ELSEWHERE": Answer(403, "access_denied", "elsewhere"),
    "UPSTREAM_LOGIN_FAILED": Answer(400, "access_denied", "upstream_login"),
    "UPSTREAM_USER_REFUSED": Answer(403, "access_denied", "upstream_user"),
    "UPSTREAM_UNAVAILABLE": Answer(503, "temporarily_unavailable", "upstream_unavailable"),
    "TOO_MANY_ATTEMPTS": Answer(429, "temporarily_unavailable", "too_many_attempts"),
    "OAUTH_CLIENTS_DISABLED": _NOT_FOUND,
    "DEVICE_FLOW_DISABLED": _NOT_FOUND,
    "CONSOLE_OFF": _NOT_FOUND,
    "NOT_AN_OPERATOR": Answer(403, "access_denied", "not_an_operator"),
    "FORM_EXPIRED": _EXPIRED,
    "NOT_FOUND": _NOT_FOUND,
    "UNKNOWN_ADDRESS": Answer(404, "not_found", "unknown_address"),
    "METHOD_NOT_ALLOWED": Answer(405, "invalid_request", "method_not_allowed"),
    "REQUEST_CANCELLED": Answer(400, "invalid_request", _BROKEN_REQUEST),
    "URI_TOO_LONG": Answer(414, "invalid_request", _BROKEN_REQUEST),
    "HEADERS_TOO_LARGE": Answer(431, "invalid_request", _BROKEN_REQUEST),
    "BODY_TOO_LARGE": Answer(413, "invalid_request", _BROKEN_REQUEST),
    "METADATA_TOO_LARGE": Answer(413, "invalid_client_metadata", _BROKEN_REQUEST),
    "BODY_ENCODED": Answer(415, "invalid_request", _BROKEN_REQUEST),
    "METADATA_ENCODED": Answer(415, "invalid_client_metadata", _BROKEN_REQUEST),
    "SERVER_ERROR": SERVER_ERROR,
}


def get_answer(refusal: Refusal) -> Answer:
    """How to answer; SERVER_ERROR for a reason nobody foresaw."""
    return ANSWERS.get(refusal.reason, SERVER_ERROR)


def clean_description(text: str) -> str:
    """`text` in the characters that RFC 6749 §5.2 allows in error_description, at most 400 of them."""
    quoted = text.replace('"', "'").replace("\\", "/")
    return "".join(character if " " <= character <= "~" else "?" for character in quoted[:400])
