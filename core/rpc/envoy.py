"""Envoy's Authorization service: a bearer token in, the user's name out, or the refusal of RFC 6750."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

import grpc
from google.protobuf.wrappers_pb2 import BoolValue
from tokenhouse.envoy import authorization_pb2 as pb
from tokenhouse.envoy import authorization_pb2_grpc
from tokenhouse_verifier.bearer import require_bearer
from tokenhouse_verifier.errors import Challenge, InsufficientScope, InvalidToken, NotVerified

from core.domain.errors import InvalidArgument, InvalidTarget
from core.domain.scope_names import is_scope_name
from core.domain.tokens.resource import normalise_resource
from core.domain.tokens.validation import Validation, ValidToken
from core.metrics.outcomes import OutcomeMetrics
from core.rpc.service_callers import Permit, admitted

#: Headers of this prefix are the core's: whatever a client sent under it never arrives.
PREFIX = "x-tokenhouse-"
_EXTENSIONS = ("audience", "scope", "resource_metadata")
#: What a name or a group may hold as it is: visible ASCII, but for what takes a list and its escapes apart.
_PLAIN = "!\"#$&'()*+-./:;<=>?@[\\]^_`{|}~"


class _Route(NamedTuple):
    """What the proxy's configuration says of a route."""

    audience: str
    scopes: tuple[str, ...]
    challenge: Challenge


class EnvoyServicer(authorization_pb2_grpc.AuthorizationServicer):
    """Proto → validation → proto."""

    def __init__(self, validation: Validation, outcomes: OutcomeMetrics, *, tell_callers_apart: bool = False) -> None:
        """With `tell_callers_apart`, each proxy gets answers for its own audiences alone."""
        self._validation = validation
        self._outcomes = outcomes
        self._tell_callers_apart = tell_callers_apart

    def Check(self, request: pb.CheckRequest, context: grpc.ServicerContext) -> pb.CheckResponse:
        permit = admitted() if self._tell_callers_apart else None
        route = _read_route(request.attributes.context_extensions, permit)
        headers = request.attributes.request.http.headers
        try:
            token = require_bearer(headers.get("authorization"), route.challenge)
            return _let_pass(self._require_valid(token, route), headers)
        except NotVerified as refusal:
            return _refuse(refusal)

    def _require_valid(self, token: str, route: _Route) -> ValidToken:
        found = self._validation.validate(token, route.audience)
        if not isinstance(found, ValidToken):
            self._outcomes.validated(0, [found])
            raise InvalidToken.inactive(route.challenge)
        self._outcomes.validated(1, [])
        if not set(route.scopes) <= set(found.token.scope):
            raise InsufficientScope.needed(route.challenge)
        return found


def _read_route(extensions: Mapping[str, str], permit: Permit | None) -> _Route:
    """Raises InvalidArgument, CallerNotAllowed: the proxy is not configured so that anybody may pass."""
    if unknown := next((name for name in extensions if name not in _EXTENSIONS), None):
        raise InvalidArgument(f"context_extensions: {unknown} is unknown; known are {', '.join(_EXTENSIONS)}")
    audience = extensions.get("audience", "")
    if not audience and permit is not None and len(permit.resources) == 1:
        audience = permit.resources[0]
    if not audience:
        raise InvalidArgument("context_extensions: audience is missing: name the resource that the route leads to")
    if permit is not None:
        permit.require_audience(audience)
    scopes, challenge = _read_needs(extensions.get("scope", ""), extensions.get("resource_metadata", ""))
    return _Route(audience, scopes, challenge)


@lru_cache(maxsize=1024)
def _read_needs(scope: str, metadata: str) -> tuple[tuple[str, ...], Challenge]:
    """What a token of the route must have, and the challenge, into which only goes what may stand there in quotes."""
    scopes = tuple(name for name in scope.split(" ") if name)
    if unfit := next((name for name in scopes if not is_scope_name(name)), None):
        raise InvalidArgument(f"context_extensions: scope: {unfit!r} is no scope-token of RFC 6749 section 3.3")
    if metadata:
        try:
            normalise_resource(metadata)
        except InvalidTarget:
            fits = False
        else:
            fits = metadata.startswith(("https://", "http://")) and not {'"', "\\"} & set(metadata)
        if not fits:
            raise InvalidArgument("context_extensions: resource_metadata is not an http or https URL")
    return scopes, Challenge(scopes, metadata)


def _let_pass(valid: ValidToken, sent: Iterable[str]) -> pb.CheckResponse:
    token, user = valid.token, valid.user
    told = {
        "subject": token.subject,
        "username": quote(user.username, _PLAIN),
        "groups": ",".join(quote(group, _PLAIN) for group in user.groups),
        "client-id": token.client_id,
        "scope": " ".join(token.scope),
        "grant-id": token.grant_id,
    }
    identity = {f"{PREFIX}{name}": value for name, value in told.items()}
    given = {name: value for name, value in identity.items() if value}
    # What replaces a header needs no removal; the rest goes, in every spelling that a server may take for it.
    forged = {name for name in sent if name.lower().replace("_", "-").startswith(PREFIX)}
    return pb.CheckResponse(
        status=pb.RpcStatus(),
        ok_response=pb.OkHttpResponse(
            headers=_options(given), headers_to_remove=sorted((forged | identity.keys()) - given.keys())
        ),
    )


def _refuse(refusal: NotVerified) -> pb.CheckResponse:
    headers = {name.lower(): value for name, value in refusal.headers.items()} | {"content-type": "application/json"}
    code = grpc.StatusCode.PERMISSION_DENIED if refusal.status == 403 else grpc.StatusCode.UNAUTHENTICATED
    return pb.CheckResponse(
        status=pb.RpcStatus(code=code.value[0]),
        denied_response=pb.DeniedHttpResponse(
            status=pb.HttpStatus(code=refusal.status), headers=_options(headers), body=refusal.body.decode()
        ),
    )


def _options(headers: Mapping[str, str]) -> list[pb.HeaderValueOption]:
    return [
        pb.HeaderValueOption(header=pb.HeaderValue(key=name, value=value), append=BoolValue())
        for name, value in headers.items()
    ]
