"""The part of the table of settings that says whether the facade does the https itself."""

from collections.abc import Sequence
from typing import Any, Final

from core.config.setting import Setting, parse_path

CERTIFICATE_FILE: Final = Setting(
    "Server",
    "CertificateFile",
    parse_path,
    (),
    "PEM: the certificate of Address and its chain; with it the facade does the https itself, at Listen",
    default_words="none: a proxy does it",
)
CERTIFICATE_KEY_FILE: Final = Setting(
    "Server",
    "CertificateKeyFile",
    parse_path,
    (),
    "PEM: the certificate's private key, without a passphrase",
    default_words="none",
)
#: What TLS is made of, in the order in which it is shown.
SETTINGS: Final[Sequence[Setting[Any]]] = (CERTIFICATE_FILE, CERTIFICATE_KEY_FILE)
