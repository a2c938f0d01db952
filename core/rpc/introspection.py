"""IntrospectionService: RFC 7662 for the facade."""

import grpc
from tokenhouse.v1 import introspection_pb2, introspection_pb2_grpc

from core.domain.grants.introspection import Introspection
from core.domain.policy import PolicySource
from core.domain.tokens.validation import Inactive
from core.metrics.outcomes import OutcomeMetrics
from core.rpc.client_credentials import read_credentials


class IntrospectionServicer(introspection_pb2_grpc.IntrospectionServiceServicer):
    """Proto → introspection → proto."""

    def __init__(self, introspection: Introspection, policy: PolicySource, outcomes: OutcomeMetrics) -> None:
        self._introspection = introspection
        self._policy = policy
        self._outcomes = outcomes

    def IntrospectToken(
        self, request: introspection_pb2.IntrospectTokenRequest, context: grpc.ServicerContext
    ) -> introspection_pb2.IntrospectTokenResponse:
        found = self._introspection.introspect(request.token, read_credentials(request.client))
        if isinstance(found, Inactive):
            self._outcomes.validated(0, [found])
            return introspection_pb2.IntrospectTokenResponse()
        self._outcomes.validated(1, [])
        token, user = found.token, found.user
        return introspection_pb2.IntrospectTokenResponse(
            active=True,
            issuer=self._policy.current.issuer,
            subject=token.subject,
            client_id=token.client_id,
            scope=token.scope,
            audience=token.audience,
            expires_at=token.expires_at,
            issued_at=token.issued_at,
            token_id=token.token_id,
            username=user.username,
            groups=user.groups,
        )
