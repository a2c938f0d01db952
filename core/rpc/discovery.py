"""DiscoveryService: the facts behind RFC 8414 metadata, for the facade."""

import grpc
from tokenhouse.v1 import discovery_pb2, discovery_pb2_grpc

from core.domain.authorization.scope import told_scopes
from core.domain.clients import grant_types
from core.domain.clients.client_keys import SIGNING_ALGORITHMS
from core.domain.clients.documents import ClientDocuments
from core.domain.clients.terms import AUTHENTICATION_METHODS
from core.domain.connections.reads import MetadataReads
from core.domain.grants.client_credentials import ClientCredentialsGrant
from core.domain.keys.key_ring import KeyRing
from core.domain.policy import PolicySource, RegistrationMode

_MOST_READS = 256


class DiscoveryServicer(discovery_pb2_grpc.DiscoveryServiceServicer):
    """Policy and keys → proto."""

    def __init__(self, policy: PolicySource, keys: KeyRing, documents: ClientDocuments, reads: MetadataReads) -> None:
        self._policy = policy
        self._documents = documents
        self._keys = keys
        self._reads = reads

    def GetServerMetadata(
        self, request: discovery_pb2.GetServerMetadataRequest, context: grpc.ServicerContext
    ) -> discovery_pb2.GetServerMetadataResponse:
        for reads in request.metadata_reads[:_MOST_READS]:
            self._reads.note(
                reads.network_address,
                reads.host,
                reads.path,
                found=reads.found,
                count=reads.count,
                ago_ms=reads.ago_ms,
            )
        policy = self._policy.current
        return discovery_pb2.GetServerMetadataResponse(
            issuer=policy.issuer,
            oauth_clients_enabled=policy.clients_enabled,
            scopes_supported=told_scopes(policy),
            grant_types_supported=[
                *(grant_types.SUPPORTED if policy.device_flow.enabled else grant_types.USUAL),
                ClientCredentialsGrant.name,
            ],
            token_endpoint_auth_methods_supported=AUTHENTICATION_METHODS,
            token_endpoint_auth_signing_alg_values_supported=SIGNING_ALGORITHMS,
            code_challenge_methods_supported=["S256"],
            jwks=self._keys.jwks(),
            registration_off=policy.registration.mode is RegistrationMode.OFF,
            service_documentation=policy.service_documentation or "",
            client_id_metadata_document_supported=self._documents.are_taken(policy),
            local_users_off=not policy.upstream.local_users,
            sign_in_providers=[
                discovery_pb2.SignInProvider(name=provider.name, label=provider.label)
                for provider in policy.upstream.providers
            ],
        )
