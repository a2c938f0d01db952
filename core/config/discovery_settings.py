"""The part of the table of settings that says what the metadata tell besides what is served (RFC 8414 §2)."""

from typing import Final

from core.config.addresses import parse_page
from core.config.setting import Setting, plain

SERVICE_DOCUMENTATION: Final = Setting(
    "Server",
    "ServiceDocumentation",
    plain(parse_page),
    (),
    "A page for people who connect something here; the metadata name it",
    default_words="none",
    reloadable=True,
)
