"""What the settings about internal services make together: whoever may ask over a network is known, or nobody is."""

from collections.abc import Iterable, Sequence
from typing import Any

from core.config import settings
from core.config.refusal import Everything, find_repeated, refusal
from core.config.service_settings import (
    CALLER,
    CALLER_TOKEN,
    CERTIFICATE_FILE,
    CERTIFICATE_KEY_FILE,
    CLIENT_CA_FILE,
    FILES,
)
from core.config.setting import Setting
from core.domain.policy import CallerToken, ServiceCaller
from core.domain.tokens.resource import is_loopback_host


def check_services(found: Everything) -> None:
    """Plaintext is for this machine; with TLS every caller is listed, and known by a certificate or by a token.

    Raises:
        ConfigError: something is missing, or in vain.
    """
    if not _is_set(found, CERTIFICATE_FILE):
        _check_plaintext(found)
        return
    if not _is_set(found, CERTIFICATE_KEY_FILE):
        raise refusal(found, CERTIFICATE_FILE, "allowed is a certificate with its CertificateKeyFile")
    callers = found[CALLER.name].values
    if not callers:
        raise refusal(found, CERTIFICATE_FILE, "allowed is TLS with at least one Caller, since others are refused")
    _check_once(found, CALLER, [caller.name for caller in callers], "name")
    _check_identities(found, callers, found[CALLER_TOKEN.name].values)


def _check_plaintext(found: Everything) -> None:
    for setting in (*FILES, CALLER, CALLER_TOKEN):
        if _is_set(found, setting):
            raise refusal(found, setting, "allowed is this together with CertificateFile")
    if not is_loopback_host(found[settings.GRPC_LISTEN.name].values[0].host):
        allowed = "allowed without CertificateFile is an address of this machine: localhost, 127.0.0.1 or [::1]"
        raise refusal(found, settings.GRPC_LISTEN, allowed)


def _check_identities(found: Everything, callers: Sequence[ServiceCaller], tokens: Sequence[CallerToken]) -> None:
    if _is_set(found, CLIENT_CA_FILE):
        if _is_set(found, CALLER_TOKEN):
            raise refusal(found, CALLER_TOKEN, "allowed is either ClientCAFile or CallerToken")
        return
    names = dict.fromkeys(caller.name for caller in callers)
    with_token = {token.name for token in tokens}
    for number, token in enumerate(tokens):
        if token.name not in names:
            raise refusal(found, CALLER_TOKEN, f"allowed are the names of [Grpc] Caller: {', '.join(names)}", number)
    for number, name in enumerate(names):
        if name not in with_token:
            raise refusal(
                found, CALLER, "allowed is a caller with a CallerToken, or any where there is ClientCAFile", number
            )
    _check_once(found, CALLER_TOKEN, [token.digest for token in tokens], "token")


def _check_once(found: Everything, setting: Setting[Any], keys: Iterable[object], noun: str) -> None:
    number = find_repeated(keys)
    if number is not None:
        raise refusal(found, setting, f"allowed is one line per {noun}; this one stands above already", number)


def _is_set(found: Everything, setting: Setting[Any]) -> bool:
    return bool(found[setting.name].values)
