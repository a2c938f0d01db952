"""Scopes (RFC 6749 §3.3): what was asked for becomes what may be granted."""

from collections.abc import Iterable

from core.domain.errors import InvalidScope
from core.domain.policy import Policy, Scope
from core.domain.sayings import say
from core.domain.scope_names import split_scope

#: Always known, never a permission: the client wishes to stay connected. Every grant may be refreshed anyway.
OFFLINE_ACCESS = Scope("offline_access", "Stay connected until you disconnect it")


def grantable_scope(requested: str | None, policy: Policy, listed: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The scopes of an authorization request: unknown ones dropped, the default where none is left.

    `listed` are those that the client may have; none listed: any. By default it gets what of them is a default.

    Raises:
        InvalidScope: a known scope that is not listed, or what are no names.
    """
    asked = _split(requested)
    known = {scope.name for scope in policy.scopes}
    kept = tuple(name for name in asked if name in known) or _default_scope(policy, listed)
    require_listed(kept, listed)
    if listed and not kept:
        raise InvalidScope(say("scope_missing"))
    return (*kept, OFFLINE_ACCESS.name) if OFFLINE_ACCESS.name in asked else kept


def listed_scope(requested: str | None, listed: tuple[str, ...], policy: Policy) -> tuple[str, ...]:
    """The scopes that a client asks for by itself: all of them are listed for it and known, or there is no token.

    Without any it gets all that are listed, but what is privileged: that has to be named.

    Raises:
        InvalidScope: one is not listed, or none that is listed is known any more (RFC 6749 §4.4.2, §5.2).
    """
    known = {scope.name for scope in policy.scopes}
    usable = tuple(name for name in listed if name in known)
    asked = tuple(_split(requested)) or tuple(name for name in usable if name not in policy.privileged_scopes)
    for name in asked:
        if name not in usable:
            raise InvalidScope(say("scope_not_the_clients", name=name))
    if not asked:
        raise InvalidScope(say("scope_missing"))
    return asked


def require_listed(names: Iterable[str], listed: tuple[str, ...]) -> None:
    """Pass scopes that a client may have.

    Raises:
        InvalidScope: one is not listed for it (RFC 6749 §3.3).
    """
    for name in names:
        if listed and name not in listed:
            raise InvalidScope(say("scope_not_the_clients", name=name))


def _default_scope(policy: Policy, listed: tuple[str, ...]) -> tuple[str, ...]:
    if not listed:
        return policy.default_scope
    usual = {scope.name for scope in policy.scopes} - policy.privileged_scopes
    return tuple(name for name in policy.default_scope if name in listed) or tuple(
        name for name in listed if name in usual
    )


def known_scope(requested: str | None, policy: Policy, listed: tuple[str, ...] = ()) -> tuple[str, ...]:
    """As `grantable_scope`, for a request that no browser brings: nothing is dropped.

    Raises:
        InvalidScope: one is unknown or not listed; here the client reads the answer itself.
    """
    known = {scope.name for scope in policy.scopes} | {OFFLINE_ACCESS.name}
    for name in _split(requested):
        if name not in known:
            raise InvalidScope(say("scope_unknown", name=name))
    return grantable_scope(requested, policy, listed)


def narrow_scope(granted: tuple[str, ...], requested: str | None, policy: Policy) -> tuple[str, ...]:
    """The scopes of one access token: those asked for, or all. Unknown names do not count, `offline_access` not alone.

    Raises:
        InvalidScope: a known scope that was not granted (RFC 6749 §6).
    """
    known = {scope.name for scope in policy.scopes}
    asked = [name for name in _split(requested) if name in known or name in granted]
    # Clients that name all that they were granted get all of it: without offline_access some would not refresh again.
    if not set(asked) - {OFFLINE_ACCESS.name}:
        return granted
    wider = [name for name in asked if name not in granted]
    if wider:
        raise InvalidScope(f"scope {wider[0]} was not granted")
    return tuple(name for name in granted if name in asked)


def _split(requested: str | None) -> dict[str, None]:
    """The names in their order, each once: however often one is said, it is looked at once."""
    return dict.fromkeys(split_scope(requested)) if requested else {}


def told_scopes(policy: Policy) -> tuple[str, ...]:
    """What the metadata list (RFC 8414 §2 "scopes_supported"): nothing privileged, as many ask for all of it."""
    told = (scope.name for scope in policy.scopes if scope.name not in policy.privileged_scopes)
    return (*told, OFFLINE_ACCESS.name)


def describe_scopes(names: Iterable[str], policy: Policy) -> tuple[Scope, ...]:
    """The scopes with the operator's words for them."""
    words = {scope.name: scope for scope in (*policy.scopes, OFFLINE_ACCESS)}
    return tuple(words[name] for name in names if name in words)
