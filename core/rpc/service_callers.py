"""Which internal service calls over TCP, by its certificate or its token, and what its entry lets it ask."""

import hashlib
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, NamedTuple

import grpc

from core.domain.errors import CallerNotAllowed, CallerUnknown
from core.domain.policy import Policy, PolicySource, ServiceCaller
from core.domain.tokens.resource import audiences_of
from core.domain.tokens.validation import require_audience

_SCHEME = "bearer "
#: Set by `admit` inside one call: the server runs each in a context of its own.
_admitted: ContextVar["Permit"] = ContextVar("admitted")


class Identity(NamedTuple):
    """Who a call comes from, as far as the connection and the call prove it."""

    #: The SPIFFE ID of the certificate, or else its DNS names in lower case.
    names: tuple[str, ...] = ()
    #: SHA-256 of the bearer token; None where there is none.
    token: bytes | None = None


@dataclass(frozen=True, slots=True)
class Permit:
    """What one caller may ask."""

    services: frozenset[str]
    #: As resources are compared.
    audiences: frozenset[str]
    #: The caller's own resources, in its spelling.
    resources: tuple[str, ...]

    def require_service(self, service: str) -> None:
        """Pass a service by its name in the contract, without its package.

        Raises:
            CallerNotAllowed: the entry does not list it.
        """
        if service not in self.services:
            raise CallerNotAllowed(f"this caller may not use {service}: [Grpc] Caller lists what it may")

    def require_audience(self, audience: str) -> None:
        """Pass an audience that is the caller's own, or every service's.

        Raises:
            CallerNotAllowed: it is another service's.
            InvalidArgument: it is no resource.
        """
        if require_audience(audience) not in self.audiences:
            raise CallerNotAllowed("audience: this caller may not ask for it: [Grpc] Caller lists its resources")


class ServiceCallers:
    """The callers of the policy in force. Whoever is not among them may do nothing."""

    def __init__(self, policy: PolicySource) -> None:
        self._policy = policy
        self._known = _Known(policy.current)

    def identify(self, context: grpc.ServicerContext) -> Identity:
        """Who calls. Names come from the verified certificate alone: nothing that a caller writes is one."""
        proven: Any = context.auth_context()
        return Identity(_names(proven), _find_token(context.invocation_metadata()))

    def require(self, identity: Identity) -> Permit:
        """What the caller may ask, as the policy is now.

        Raises:
            CallerUnknown: it is not listed.
        """
        known, policy = self._known, self._policy.current
        if known.policy is not policy:
            known = self._known = _Known(policy)
        permit = known.find(identity)
        if permit is None:
            raise CallerUnknown("no certificate or token of a listed caller: [Grpc] Caller lists them")
        return permit

    def name_of(self, identity: Identity) -> str:
        """The name by which the caller is listed; "" where it is not."""
        policy = self._policy.current
        if policy.caller_tokens:
            return next((token.name for token in policy.caller_tokens if token.digest == identity.token), "")
        listed = {caller.name for caller in policy.callers}
        return next((name for name in identity.names if name in listed), "")

    def permit(self, context: grpc.ServicerContext) -> Permit:
        """What whoever calls may ask. Raises CallerUnknown, as `require`."""
        return self.require(self.identify(context))

    def admit(self, context: grpc.ServicerContext, service: str) -> None:
        """Pass whoever may use the service; its method learns from `admitted` what else the caller may ask.

        Raises:
            CallerUnknown, CallerNotAllowed: as `require` and `Permit.require_service`.
        """
        permit = self.permit(context)
        permit.require_service(service)
        _admitted.set(permit)


def admitted() -> Permit:
    """What the caller of this call may ask, once it was admitted.

    Raises:
        LookupError: nobody was.
    """
    return _admitted.get()


class _Known:
    """One policy's callers, to be found by what proves them."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._by_name = {caller.name: _permit([caller], policy) for caller in policy.callers}
        self._by_token = {
            token.digest: self._by_name[token.name] for token in policy.caller_tokens if token.name in self._by_name
        }
        self._callers = {caller.name: caller for caller in policy.callers}
        self._with_certificates = not policy.caller_tokens

    def find(self, identity: Identity) -> Permit | None:
        if not self._with_certificates:
            return None if identity.token is None else self._by_token.get(identity.token)
        listed = [name for name in identity.names if name in self._by_name]
        if len(listed) < 2:
            return self._by_name[listed[0]] if listed else None
        # A certificate with several DNS names is each of them.
        return _permit([self._callers[name] for name in listed], self.policy)


def _permit(callers: Sequence[ServiceCaller], policy: Policy) -> Permit:
    resources = tuple(dict.fromkeys(resource for caller in callers for resource in caller.resources))
    services = frozenset(service.value for caller in callers for service in caller.services)
    return Permit(services, audiences_of(resources, policy), resources)


def _names(proven: dict[str, Sequence[bytes]]) -> tuple[str, ...]:
    if any(uri.startswith(b"spiffe:") for uri in proven.get("peer_uri", ())):
        # Set where there is one such URI and no other, as X509-SVID §2 has it; with several nobody is meant.
        return tuple(name.decode() for name in proven.get("peer_spiffe_id", ()))
    return tuple(name.decode(errors="replace").lower() for name in proven.get("peer_dns", ()))


def _find_token(metadata: Any) -> bytes | None:
    values = [value for key, value in metadata or () if key == "authorization"]
    if len(values) != 1 or not isinstance(values[0], str) or values[0][: len(_SCHEME)].lower() != _SCHEME:
        return None
    return hashlib.sha256(values[0][len(_SCHEME) :].strip().encode()).digest()
