"""The part of the table of settings that says which internal services may ask, and how they are known."""

from typing import Final

from core.config.callers import parse_caller, parse_caller_token, show_caller, show_caller_token
from core.config.setting import Setting, parse_path, plain

CERTIFICATE_FILE: Final = Setting(
    "Grpc",
    "CertificateFile",
    parse_path,
    (),
    "PEM: the certificate of Listen and its chain; with it TLS, without it plaintext, on this machine alone",
    default_words="none",
)
CERTIFICATE_KEY_FILE: Final = Setting(
    "Grpc",
    "CertificateKeyFile",
    parse_path,
    (),
    "PEM: the certificate's private key",
    default_words="none",
)
CLIENT_CA_FILE: Final = Setting(
    "Grpc",
    "ClientCAFile",
    parse_path,
    (),
    "PEM: who issues callers' certificates; with it every connection needs one",
    default_words="none",
)
#: What TLS is made of.
FILES: Final = (CERTIFICATE_FILE, CERTIFICATE_KEY_FILE, CLIENT_CA_FILE)
CALLER: Final = Setting(
    "Grpc",
    "Caller",
    plain(parse_caller),
    (),
    "`name: service, service`: a caller by its SPIFFE ID or DNS name, the services it may use, and the resources it is",
    show=show_caller,
    default_words="none; in plaintext everybody",
    repeatable=True,
    reloadable=True,
)
CALLER_TOKEN: Final = Setting(
    "Grpc",
    "CallerToken",
    plain(parse_caller_token),
    (),
    "`name: SHA-256 of a token` by which a Caller is known where there is no ClientCAFile",
    show=show_caller_token,
    default_words="none",
    repeatable=True,
    reloadable=True,
)
