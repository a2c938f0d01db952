"""What can be done at the console: a table. An act is one of `ActRequest`, under the same name, about one thing.

What each is called, and what comes of it, stands in the catalogue of texts: console.act.NAME.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tokenhouse.v1.console_pb2 import ActRequest, LookRequest

from facade import paths


@dataclass(frozen=True, slots=True)
class Subject:
    """A kind of things that acts are about."""

    #: What names one, in acts and in questions.
    field: str
    #: The question that shows one, in LookRequest; where it shows all, nothing is named in it.
    question: str
    #: Where one is shown, and where all are.
    path: str
    list_path: str

    @property
    def is_shown_alone(self) -> bool:
        """Whether there is a page for each."""
        return self.path != self.list_path

    def look(self, target: str) -> LookRequest:
        """The question for one of them."""
        asked: Any = {self.question: {self.field: target} if self.is_shown_alone else {}}
        return LookRequest(**asked)


CLIENT = Subject("client_id", "get_client", paths.CONSOLE_CLIENT, paths.CONSOLE_CLIENTS)
USER = Subject("username", "get_user", paths.CONSOLE_USER, paths.CONSOLE_USERS)
GRANT = Subject("grant_id", "get_grant", paths.CONSOLE_GRANT, paths.CONSOLE_GRANTS)
KEY = Subject("key_id", "list_keys", paths.CONSOLE_KEYS, paths.CONSOLE_KEYS)

LIMIT = Subject("limit_id", "list_limits", paths.CONSOLE_LIMITS, paths.CONSOLE_LIMITS)


@dataclass(frozen=True, slots=True)
class Act:
    """One line of the table."""

    #: In forms and URLs, and in the catalogue of texts.
    name: str
    subject: Subject
    #: Nothing of it comes back by itself.
    ends_something: bool = True
    #: Its name in ActRequest, where that is another, and what it says there instead of naming one thing.
    rpc: str = ""
    fixed: tuple[tuple[str, bool], ...] | None = None

    def request(self, target: str, session_token: str) -> ActRequest:
        """The act on one thing, as the core is asked for it."""
        fields = {self.subject.field: target} if self.fixed is None else dict(self.fixed)
        asked: Any = {self.rpc or self.name: fields}
        return ActRequest(session_token=session_token, **asked)


REVOKE_CLIENT_TOKENS = Act("revoke_client_tokens", CLIENT)
BLOCK_CLIENT = Act("block_client", CLIENT)
UNBLOCK_CLIENT = Act("unblock_client", CLIENT, ends_something=False)
DELETE_CLIENT = Act("delete_client", CLIENT)
DISABLE_USER = Act("disable_user", USER)
ENABLE_USER = Act("enable_user", USER, ends_something=False)
SIGN_OUT_USER = Act("sign_out_user", USER)
REVOKE_USER_TOKENS = Act("revoke_user_tokens", USER)
REVOKE_GRANT = Act("revoke_grant", GRANT)
ROTATE_SIGNING_KEY = Act("rotate_signing_key", KEY, ends_something=False, fixed=(("now", False),))
ROTATE_AT_ONCE = Act("rotate_at_once", KEY, rpc="rotate_signing_key", fixed=(("now", True),))
WITHDRAW_SIGNING_KEY = Act("withdraw_signing_key", KEY)
#: It ends nothing, so its button stands in the list.
CLEAR_LIMITS = Act("clear_limits", LIMIT, ends_something=False)
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
        ROTATE_SIGNING_KEY,
        ROTATE_AT_ONCE,
        WITHDRAW_SIGNING_KEY,
        CLEAR_LIMITS,
    )
}
