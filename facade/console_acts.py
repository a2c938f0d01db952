"""What can be done at the console: a table. An act is one of `ActRequest`, under the same name, about one thing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tokenhouse.v1.console_pb2 import ActRequest, LookRequest

from facade import paths


@dataclass(frozen=True, slots=True)
class Subject:
    """A kind of things that acts are about."""

    #: The field that names one, in acts and in questions.
    field: str
    #: The question that shows one, in LookRequest.
    question: str
    #: Where it is shown.
    path: str

    def look(self, target: str) -> LookRequest:
        """The question for one of them."""
        asked: Any = {self.question: {self.field: target}}
        return LookRequest(**asked)


CLIENT = Subject("client_id", "get_client", paths.CONSOLE_CLIENT)
USER = Subject("username", "get_user", paths.CONSOLE_USER)
GRANT = Subject("grant_id", "get_grant", paths.CONSOLE_GRANT)


@dataclass(frozen=True, slots=True)
class Act:
    """One line of the table."""

    #: In forms and URLs, and in ActRequest.
    name: str
    subject: Subject
    #: On the button.
    verb: str
    #: What comes of it, before it is done.
    consequence: str
    #: After it was done.
    done: str
    #: Nothing of it comes back by itself.
    ends_something: bool = True

    def request(self, target: str, session_token: str) -> ActRequest:
        """The act on one thing, as the core is asked for it."""
        asked: Any = {self.name: {self.subject.field: target}}
        return ActRequest(session_token=session_token, **asked)


REVOKE_CLIENT_TOKENS = Act(
    "revoke_client_tokens",
    CLIENT,
    "Disconnect everybody",
    "Every grant and token that this client has ends at once. It may ask its users again.",
    "The client is disconnected.",
)
BLOCK_CLIENT = Act(
    "block_client",
    CLIENT,
    "Block",
    "Every grant and token that this client has ends at once, and it gets no new ones until it is unblocked.",
    "The client is blocked.",
)
UNBLOCK_CLIENT = Act(
    "unblock_client",
    CLIENT,
    "Unblock",
    "The client may ask its users again. What ended stays ended.",
    "The client is no longer blocked.",
    ends_something=False,
)
DELETE_CLIENT = Act(
    "delete_client",
    CLIENT,
    "Delete",
    "Every grant and token that this client has ends at once, and its registration is removed. "
    "One that registered by itself may do so again.",
    "The client is deleted.",
)
DISABLE_USER = Act(
    "disable_user",
    USER,
    "Disable",
    "Every session, grant and token of this user ends at once, and they cannot sign in until they are enabled.",
    "The user is disabled.",
)
ENABLE_USER = Act(
    "enable_user",
    USER,
    "Enable",
    "The user may sign in again. What ended stays ended.",
    "The user is enabled.",
    ends_something=False,
)
SIGN_OUT_USER = Act(
    "sign_out_user",
    USER,
    "Sign out everywhere",
    "Every browser session of this user ends at once. What they connected stays connected.",
    "The user is signed out.",
)
REVOKE_USER_TOKENS = Act(
    "revoke_user_tokens",
    USER,
    "Disconnect everything",
    "Every grant and token of this user ends at once. They may connect their apps again.",
    "The user’s apps are disconnected.",
)
REVOKE_GRANT = Act(
    "revoke_grant",
    GRANT,
    "Revoke",
    "This grant and every token under it end at once. The user may connect the app again.",
    "The grant has ended.",
)
ACTS: Mapping[str, Act] = {
    act.name: act
    for act in (
        REVOKE_CLIENT_TOKENS,
        BLOCK_CLIENT,
        UNBLOCK_CLIENT,
        DELETE_CLIENT,
        DISABLE_USER,
        ENABLE_USER,
        SIGN_OUT_USER,
        REVOKE_USER_TOKENS,
        REVOKE_GRANT,
    )
}
