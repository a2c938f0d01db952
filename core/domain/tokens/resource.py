"""Resources (RFC 8707): which may be asked for, and when two spellings name the same one."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from core.domain.errors import InvalidTarget
from core.domain.policy import Policy
from core.domain.sayings import say

_DEFAULT_PORTS = {"https": 443, "http": 80}
_MAXIMUM_LENGTH = 2048
_MAXIMUM_COUNT = 16
#: Of those of one request together: a token that names them stays below 8 KiB, which is as long as a token may be.
_MAXIMUM_TOGETHER = 3072


@lru_cache(maxsize=4096)
def normalise_resource(resource: str) -> str:
    """The form in which resources are compared: scheme and host lower-cased, default port dropped, "" equal to "/".

    Raises:
        InvalidTarget: not an absolute URI, or with a fragment (RFC 8707 §2).
    """
    # Before anything takes it apart: for text beyond ASCII that takes the square of its length.
    if len(resource) > _MAXIMUM_LENGTH or not resource.isascii() or not resource.isprintable() or " " in resource:
        raise InvalidTarget(say("resource_no_uri"))
    try:
        parts = urlsplit(resource)
        port = parts.port
    except ValueError:
        raise InvalidTarget(say("resource_no_uri")) from None
    if not parts.scheme or not parts.hostname or "#" in resource or "@" in parts.netloc:
        raise InvalidTarget(say("resource_absolute"))
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    shown_port = "" if port is None or port == _DEFAULT_PORTS.get(parts.scheme) else f":{port}"
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{host}{shown_port}{parts.path or '/'}{query}"


@lru_cache(maxsize=1024)
def normalise_resources(resources: tuple[str, ...]) -> frozenset[str]:
    """Several in the form in which they are compared; the same ones are the same object.

    Raises:
        InvalidTarget: as `normalise_resource`.
    """
    return frozenset(normalise_resource(resource) for resource in resources)


def audiences_of(resources: Iterable[str], policy: Policy) -> frozenset[str]:
    """What a service that is these resources may ask about, as resources are compared: tokens for them, and those that
    are for every service, while there are such tokens."""
    everybodys = (policy.issuer,) if policy.server_wide_tokens else ()
    return frozenset(normalise_resource(resource) for resource in (*resources, *everybodys))


def require_resources(requested: Sequence[str], policy: Policy) -> tuple[str, ...]:
    """The resources in their owners' spelling, each once; empty for a server-wide request.

    The issuer's own address stands for "every service", exactly as naming no resource does.

    Raises:
        InvalidTarget: one is malformed or unknown, or the issuer is named beside others.
    """
    if len(requested) > _MAXIMUM_COUNT:
        raise InvalidTarget(say("resources_too_many", most=_MAXIMUM_COUNT))
    if sum(map(len, requested)) > _MAXIMUM_TOGETHER:
        raise InvalidTarget(say("resources_too_long", most=_MAXIMUM_TOGETHER))
    listed = {normalise_resource(resource): resource for resource in policy.resources}
    wanted: dict[str, str] = {}
    for resource in requested:
        normal = normalise_resource(resource)
        if normal == normalise_resource(policy.issuer):
            continue
        known = _find(resource, listed)
        if listed and known is None:
            raise InvalidTarget(say("resource_unknown", uri=resource)).because("resource_unknown", resource)
        if not listed and not _is_https_or_loopback(normal):
            raise InvalidTarget(say("resource_https", uri=resource)).because("resource_not_https", resource)
        wanted.setdefault(known or normal, known or resource)
    if wanted and any(normalise_resource(resource) == normalise_resource(policy.issuer) for resource in requested):
        raise InvalidTarget(say("resource_everywhere"))
    return tuple(wanted.values())


def narrow_resources(granted: tuple[str, ...], requested: Sequence[str], policy: Policy) -> tuple[str, ...]:
    """The audience of one access token: those of the granted resources that were asked for, or all (RFC 8707 §2.2).

    A server-wide grant may be narrowed to any known resource.

    Raises:
        InvalidTarget: one of them was not granted.
    """
    wanted = require_resources(requested, policy) if requested else ()
    if not wanted and (not requested or not granted):
        return granted
    if not granted:
        return wanted
    by_normal = {normalise_resource(resource): resource for resource in granted}
    narrowed: dict[str, None] = {}
    for resource in requested:
        found = _find(resource, by_normal)
        if found is None:
            raise InvalidTarget(f"resource {resource} was not granted").because("resource_not_granted", resource)
        narrowed[found] = None
    return tuple(narrowed)


def _find(resource: str, known: Mapping[str, str]) -> str | None:
    """The owner's spelling of what a client asks for; clients add a slash at the end, or leave it out."""
    normal = normalise_resource(resource)
    return known.get(normal) or known.get(normal.removesuffix("/") if normal.endswith("/") else f"{normal}/")


def _is_https_or_loopback(resource: str) -> bool:
    parts = urlsplit(resource)
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback_host(parts.hostname or ""))


def is_loopback_host(host: str) -> bool:
    """`localhost`, 127.0.0.0/8 or ::1: this very machine (RFC 8252 §7.3)."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
