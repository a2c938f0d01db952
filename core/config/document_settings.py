"""The part of the table of settings that says which clients may be known by a document of their own."""

from typing import Any, Final

from core.config.document_values import parse_domain, parse_trusted_host
from core.config.setting import Setting, parse_path, plain
from core.config.values import parse_boolean, parse_rate, show_boolean, show_rate

FETCH: Final = Setting(
    "ClientDocuments",
    "Fetch",
    plain(parse_boolean),
    ("true",),
    "Apps may say who they are by a document at their client_id, a public https URL; false: only with a File",
    show=show_boolean,
    reloadable=True,
)
ALLOWED_DOMAIN: Final = Setting(
    "ClientDocuments",
    "AllowedDomain",
    plain(parse_domain),
    (),
    "Documents are fetched from this domain, and what is below it, alone",
    default_words="any domain",
    repeatable=True,
    reloadable=True,
)
REFUSED_DOMAIN: Final = Setting(
    "ClientDocuments",
    "RefusedDomain",
    plain(parse_domain),
    (),
    "No document of this domain, nor of what is below it, is taken",
    default_words="none",
    repeatable=True,
    reloadable=True,
)
TRUSTED_CLIENT_HOST: Final = Setting(
    "ClientDocuments",
    "TrustedClientHost",
    plain(parse_trusted_host),
    (),
    "A host, such as claude.ai, whose documents may have https redirect URIs of the same host",
    default_words="none",
    repeatable=True,
    reloadable=True,
)
FILE: Final = Setting(
    "ClientDocuments",
    "File",
    parse_path,
    (),
    "A document as its host would serve it, which is then never fetched; read at the start and at SIGHUP",
    default_words="none",
    repeatable=True,
    reloadable=True,
)
FETCHES: Final = Setting(
    "Limits",
    "ClientDocuments",
    plain(parse_rate),
    ("30/m",),
    "Documents of clients fetched for one network (/64, /32), ten times as many in all; 0 is off",
    show=show_rate,
    reloadable=True,
)
REPEATABLE: Final[tuple[Setting[Any], ...]] = (ALLOWED_DOMAIN, REFUSED_DOMAIN, TRUSTED_CLIENT_HOST, FILE)
#: In the order in which they are shown.
SETTINGS: Final = (FETCH, *REPEATABLE)
