"""Internal services as operators list them. Every parser raises ValueError with what is allowed, in words."""

import re
from typing import Final

from core.config.addresses import parse_resource
from core.domain.policy import CallerToken, Service, ServiceCaller

#: https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md §2: a trust domain and a path, nothing else.
_SPIFFE_ID = re.compile(r"spiffe://[a-z0-9._-]{1,255}(?!.*/\.{1,2}(/|$))(/[A-Za-z0-9._-]+)*")
_DNS_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*", re.IGNORECASE)
_ENTRY = re.compile(r"(\S+):\s+(\S.*)")
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.IGNORECASE)


def parse_caller(text: str) -> ServiceCaller:
    """`name: what it may use`: services of the contract, and resources that it may ask for."""
    names = ", ".join(Service)
    allowed = f"`name: service, service`, each service one of {names} or the URI of a resource that the caller is"
    match = _ENTRY.fullmatch(text)
    if match is None:
        raise ValueError(allowed)
    services, resources = [], []
    for item in (each.strip() for each in match[2].split(",")):
        if item in tuple(Service):
            services.append(Service(item))
        elif "://" in item:
            resources.append(_parse_own_resource(item))
        else:
            raise ValueError(allowed)
    if not services:
        raise ValueError(f"{allowed}; at least one of {names}")
    return ServiceCaller(_parse_name(match[1]), tuple(dict.fromkeys(services)), tuple(dict.fromkeys(resources)))


def show_caller(caller: ServiceCaller) -> str:
    """As it is written in the file."""
    return f"{caller.name}: {', '.join([*caller.services, *caller.resources])}"


def parse_caller_token(text: str) -> CallerToken:
    """`name: SHA-256 of its token`, in hexadecimal."""
    match = _ENTRY.fullmatch(text)
    if match is None or _SHA256.fullmatch(match[2]) is None:
        raise ValueError("`name: digest`, the digest the SHA-256 of the token in 64 hexadecimal digits")
    return CallerToken(_parse_name(match[1]), bytes.fromhex(match[2]))


def show_caller_token(token: CallerToken) -> str:
    """As it is written in the file."""
    return f"{token.name}: {token.digest.hex()}"


def _parse_name(text: str) -> str:
    if _SPIFFE_ID.fullmatch(text):
        return text
    if _DNS_NAME.fullmatch(text):
        return text.lower()
    raise ValueError("a caller whose name is a SPIFFE ID, such as spiffe://example.com/reports, or a DNS name")


def _parse_own_resource(text: str) -> str:
    try:
        return parse_resource(text)
    except ValueError as error:
        raise ValueError(f"as a caller's resource {error}") from None
