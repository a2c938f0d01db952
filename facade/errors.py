"""The one table of refusals: reason → HTTP status, error code, and what a person is told.

The core names a reason in google.rpc.ErrorInfo; what the facade refuses by itself has a reason of the same kind.
A reason that is not in the table is an incident: the client learns `server_error` and a number, the log the rest.
"""

from dataclasses import dataclass


class Refusal(Exception):
    """A request was refused; `description` is one sentence without secrets, `retry_after` is in seconds."""

    def __init__(self, reason: str, description: str = "", retry_after: int | None = None) -> None:
        super().__init__(f"{reason}: {description}")
        self.reason = reason
        self.description = description
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Answer:
    """How one reason is answered."""

    status: int
    #: The "error" of a JSON reply (RFC 6749 §5.2, RFC 7591 §3.2.2).
    error: str
    #: The heading of a page.
    title: str
    #: What the user can do.
    advice: str
    #: What the operator can do; empty where it is not theirs to do.
    operator_advice: str = ""
    #: The same for users of certain tools: its name, and what to do there.
    tools: tuple[tuple[str, str], ...] = ()


#: How to make a tool forget a registration that this server has forgotten; without it some try the old one for ever.
_CONNECT_AGAIN = (
    ("Claude Code", "claude mcp logout NAME, then claude mcp login NAME"),
    (
        "VS Code",
        "in the Command Palette “Authentication: Remove Dynamic Authentication Providers”, then start the server",
    ),
    ("Cursor, Gemini CLI, OpenCode", "remove the server from the settings, restart the app, and add it again"),
    ("Codex", "codex mcp logout NAME, then codex mcp login NAME"),
    ("claude.ai, ChatGPT", "in Settings, Connectors: remove the connector and add it again"),
    ("mcp-remote", "delete the folder .mcp-auth in your home folder, then start it again"),
)

_AGAIN = "Go back to your app and start the connection again."
_BROKEN_REQUEST = Answer(
    400,
    "invalid_request",
    "Your app sent a request that cannot be used",
    "Nothing was shared. Update the app, then start the connection again; "
    "if it happens again, show its makers the detail below.",
)
_UNAVAILABLE = Answer(
    503,
    "temporarily_unavailable",
    "Signing in is not possible right now",
    "The server is busy or restarting. Wait a few seconds, then reload this page or start again from your app.",
)
_EXPIRED = Answer(403, "access_denied", "This page has expired", _AGAIN)
_NOT_FOUND = Answer(404, "not_found", "There is nothing here", "Start from the app that you want to connect.")

SERVER_ERROR = Answer(
    500,
    "server_error",
    "Something went wrong on this server",
    "Nothing was shared. Try again in a while; if it happens again, tell whoever runs this server the number below.",
)

ANSWERS: dict[str, Answer] = {
    "INVALID_REQUEST": _BROKEN_REQUEST,
    "INVALID_CLIENT": Answer(
        401,
        "invalid_client",
        "This server does not know the app",
        "Its registration was removed or is of another server. Remove this connection in the app and add it again.",
        "a registration that nobody uses is removed after a while; [Registration] in the settings says when.",
        tools=_CONNECT_AGAIN,
    ),
    "INVALID_GRANT": Answer(400, "invalid_grant", "This sign-in is no longer good", _AGAIN),
    "UNAUTHORIZED_CLIENT": Answer(
        400,
        "unauthorized_client",
        "The app may not sign you in this way",
        "Remove this connection in the app and add it again.",
    ),
    "UNSUPPORTED_GRANT_TYPE": Answer(400, "unsupported_grant_type", _BROKEN_REQUEST.title, _BROKEN_REQUEST.advice),
    "UNSUPPORTED_RESPONSE_TYPE": Answer(
        400, "unsupported_response_type", _BROKEN_REQUEST.title, _BROKEN_REQUEST.advice
    ),
    "INVALID_SCOPE": Answer(400, "invalid_scope", _BROKEN_REQUEST.title, _BROKEN_REQUEST.advice),
    "INVALID_TARGET": Answer(400, "invalid_target", _BROKEN_REQUEST.title, _BROKEN_REQUEST.advice),
    "ACCESS_DENIED": Answer(400, "access_denied", "Access was denied", _AGAIN),
    # For devices that poll (RFC 8628 §3.5); no page ever says so.
    "AUTHORIZATION_PENDING": Answer(400, "authorization_pending", "Nobody has decided yet", _AGAIN),
    "SLOW_DOWN": Answer(400, "slow_down", "The app asks too often", _AGAIN),
    "EXPIRED_TOKEN": Answer(400, "expired_token", "The code has expired", _AGAIN),
    "USER_CODE_UNKNOWN": Answer(
        400,
        "invalid_request",
        "The code is not good",
        "This code is unknown, has expired or was used before. Compare it with your device, or start again there.",
    ),
    "LOGIN_REQUIRED": Answer(403, "login_required", "You have been signed out", _AGAIN),
    "CONSENT_REQUIRED": Answer(403, "consent_required", "The app needs your permission", _AGAIN),
    "INVALID_REDIRECT_URI": Answer(
        400,
        "invalid_redirect_uri",
        "The app’s return address is not allowed",
        "Nothing was shared. If you trust this app, remove the connection and add it again, "
        "or ask whoever runs this server to allow the address.",
        "an address is allowed with the setting Server.OAuthAllowedRedirectURI, and the app must have registered it.",
    ),
    "CLIENT_DOCUMENT_REFUSED": Answer(
        400,
        "invalid_client",
        "The app’s own description cannot be used",
        "Nothing was shared. Apps of this kind say who they are at an address of their makers, and something is wrong "
        "there or on the way. Try again in a minute; if it happens again, show the detail below to the app’s makers.",
        "the log says more under the number below; the settings are those of [ClientDocuments].",
    ),
    "INVALID_CLIENT_METADATA": Answer(400, "invalid_client_metadata", _BROKEN_REQUEST.title, _BROKEN_REQUEST.advice),
    # RFC 6750 §3.1: of a token of its type.
    "INITIAL_ACCESS_TOKEN_REFUSED": Answer(
        401, "invalid_token", "Registering needs a token", "Ask whoever runs this server for an initial access token."
    ),
    "REGISTRATION_OFF": Answer(
        403, "access_denied", "Registering is switched off", "Ask whoever runs this server to add the app."
    ),
    "TEMPORARILY_UNAVAILABLE": _UNAVAILABLE,
    # The core had too much to do, or came to it too late.
    "OVERLOADED": _UNAVAILABLE,
    # They were fetched, and are wanted again: somebody was quicker.
    "CLIENT_KEYS_WANTED": _UNAVAILABLE,
    "DEADLINE_EXCEEDED": _UNAVAILABLE,
    "LOGIN_FAILED": Answer(403, "access_denied", "Sign in", "The user name or the password is wrong."),
    "TOO_MANY_ATTEMPTS": Answer(
        429, "temporarily_unavailable", "Too many attempts", "Wait a while, then start again from your app."
    ),
    "OAUTH_CLIENTS_DISABLED": _NOT_FOUND,
    "DEVICE_FLOW_DISABLED": _NOT_FOUND,
    "FORM_EXPIRED": _EXPIRED,
    "NOT_FOUND": _NOT_FOUND,
    "METHOD_NOT_ALLOWED": Answer(
        405, "invalid_request", "This page cannot be opened like that", "Start from the app that you want to connect."
    ),
    "REQUEST_CANCELLED": Answer(400, "invalid_request", _BROKEN_REQUEST.title, _BROKEN_REQUEST.advice),
    "URI_TOO_LONG": Answer(414, "invalid_request", _BROKEN_REQUEST.title, _BROKEN_REQUEST.advice),
    "HEADERS_TOO_LARGE": Answer(431, "invalid_request", _BROKEN_REQUEST.title, _BROKEN_REQUEST.advice),
    "BODY_TOO_LARGE": Answer(413, "invalid_request", _BROKEN_REQUEST.title, _BROKEN_REQUEST.advice),
    "METADATA_TOO_LARGE": Answer(413, "invalid_client_metadata", _BROKEN_REQUEST.title, _BROKEN_REQUEST.advice),
    "SERVER_ERROR": SERVER_ERROR,
}


def get_answer(refusal: Refusal) -> Answer:
    """How to answer; SERVER_ERROR for a reason nobody foresaw."""
    return ANSWERS.get(refusal.reason, SERVER_ERROR)


def clean_description(text: str) -> str:
    """`text` in the characters that RFC 6749 §5.2 allows in error_description, at most 400 of them."""
    quoted = text.replace('"', "'").replace("\\", "/")
    return "".join(character if " " <= character <= "~" else "?" for character in quoted[:400])
