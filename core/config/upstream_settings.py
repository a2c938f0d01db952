"""The part of the table of settings that says how users sign in: here, and at other OpenID providers.

A provider is what its lines make together, each of which begins with the operator's name for it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from core.config.setting import Setting, plain
from core.config.upstream_values import (
    OfProvider,
    of_provider,
    parse_allowed_domain,
    parse_client_id,
    parse_group,
    parse_issuer,
    parse_secret_file,
    parse_text,
    parse_upstream_scope,
    parse_yes_or_no,
    show_of_provider,
)
from core.config.values import parse_boolean, show_boolean

T = TypeVar("T")
_SECTION: Final = "UpstreamProvider"


def _setting(
    key: str,
    parse: Callable[[str, Path], T],
    allowed: str,
    comment: str,
    *,
    default_words: str = "none",
    secret: bool = False,
) -> Setting[OfProvider[T]]:
    return Setting(
        _SECTION,
        key,
        of_provider(parse, allowed),
        (),
        comment,
        show=show_of_provider,
        default_words=default_words,
        repeatable=True,
        reloadable=True,
        secret=secret,
    )


LOCAL_USERS: Final = Setting(
    "Server",
    "LocalUsers",
    plain(parse_boolean),
    ("true",),
    "false: nobody signs in with a password here, only at an UpstreamProvider; who is signed in stays so",
    show=show_boolean,
    reloadable=True,
)
ISSUER: Final = _setting(
    "Issuer",
    parse_issuer,
    "https URL",
    "`name: URL`: an OpenID provider that users sign in at; its name stands in the other settings, too",
)
LABEL: Final = _setting(
    "Label",
    parse_text,
    "text",
    "`name: text` of the button on the login page",
    default_words="the host of Issuer",
)
CLIENT_ID: Final = _setting("ClientId", parse_client_id, "client_id", "`name: client_id` of this server there")
CLIENT_SECRET_FILE: Final = _setting(
    "ClientSecretFile",
    parse_secret_file,
    "path",
    "`name: path` of a file that holds the client's secret; read at each login",
    default_words="none; a public client",
)
CLIENT_SECRET: Final = _setting(
    "ClientSecret",
    parse_text,
    "secret",
    "`name: secret` instead of a file; best from the environment",
    secret=True,
)
SCOPE: Final = _setting(
    "Scope",
    parse_upstream_scope,
    "scopes",
    "`name: scopes` that are asked for",
    default_words="`openid profile email`",
)
USERNAME_CLAIM: Final = _setting(
    "UsernameClaim",
    parse_text,
    "claim",
    "`name: claim` that names a new user; `sub` where it has no name that can be used",
    default_words="`preferred_username`, else `email`",
)
GROUP_CLAIM: Final = _setting(
    "GroupClaim",
    parse_text,
    "claim",
    "`name: claim` with a user's groups, taken over at each login; without it groups are the operator's",
)
GROUP: Final = _setting(
    "Group",
    parse_group,
    "their group -> our group",
    "`name: their group -> our group`; `* -> *` takes all as they are called; others are left out",
)
ALLOWED_DOMAIN: Final = _setting(
    "AllowedDomain",
    parse_allowed_domain,
    "domain",
    "`name: domain` of the verified e-mail addresses that are let in",
    default_words="whoever the provider lets in",
)
CREATE_USERS: Final = _setting(
    "CreateUsers",
    parse_yes_or_no,
    "true or false",
    "`name: false`: only users whom `tokenhouse users link` has linked come in",
    default_words="`true`",
)

#: In the order in which they are shown.
OF_PROVIDERS: Final[tuple[Setting[Any], ...]] = (
    ISSUER,
    LABEL,
    CLIENT_ID,
    CLIENT_SECRET_FILE,
    CLIENT_SECRET,
    SCOPE,
    USERNAME_CLAIM,
    GROUP_CLAIM,
    GROUP,
    ALLOWED_DOMAIN,
    CREATE_USERS,
)
#: Those of which a provider has one at the most.
SINGLE: Final = tuple(setting for setting in OF_PROVIDERS if setting not in (GROUP, ALLOWED_DOMAIN))
