"""The part of the table of settings that says what the metadata tell besides what is served, and what they do not tell
(RFC 8414 §2)."""

from typing import Final

from core.config.addresses import parse_page
from core.config.setting import Setting, plain
from core.config.values import parse_scope_name

SERVICE_DOCUMENTATION: Final = Setting(
    "Server",
    "ServiceDocumentation",
    plain(parse_page),
    (),
    "A page for people who connect something here; the metadata name it",
    default_words="none",
    reloadable=True,
)
#: Many clients ask for everything that is listed.
PRIVILEGED_SCOPE: Final = Setting(
    "OAuth",
    "PrivilegedScope",
    plain(parse_scope_name),
    (),
    "A Scope that the metadata do not list and nobody gets who does not name it",
    default_words="none",
    repeatable=True,
    reloadable=True,
)
