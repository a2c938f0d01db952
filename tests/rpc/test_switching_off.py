"""OAuthClientsEnabled = false: every OAuth call is refused, nothing is lost, and switching on brings it back."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import grpc
import pytest
from tokenhouse.v1 import (
    authorization_pb2,
    discovery_pb2,
    introspection_pb2,
    registration_pb2,
    revocation_pb2,
    session_pb2,
    token_pb2,
    user_admin_pb2,
)

from tests.rpc.road import BINDING, Road, refused
from tests.serving import DEADLINE, Serving, parameters_of, public_client


@pytest.fixture
def switched_off(serving: Serving) -> Iterator[Callable[[], None]]:
    """Switches clients off as a reload does, and on again at the end."""
    policy = serving.config.policy()
    yield lambda: serving.core.change_policy(replace(policy, clients_enabled=False))
    serving.core.change_policy(policy)


def test_every_oauth_call_is_refused_while_clients_are_off(road: Road, switched_off: Callable[[], None]) -> None:
    """Reason OAUTH_CLIENTS_DISABLED from every call of the facade's that serves OAuth."""
    tokens, code = road.connect(), road.code()
    sealed = road.start(road.session_token).consent.sealed_request
    login = road.login_request()
    switched_off()
    serving = road.serving
    start = authorization_pb2.StartAuthorizationRequest(
        parameters=parameters_of(road.request()), browser_binding=BINDING
    )
    decide = authorization_pb2.DecideConsentRequest(
        sealed_request=sealed, session_token=road.session_token, browser_binding=BINDING, approved=True
    )
    logout = session_pb2.LogOutRequest(sealed_request=sealed, browser_binding=BINDING)
    register = registration_pb2.RegisterClientRequest(client_metadata=b'{"redirect_uris": ["http://localhost/"]}')
    revoke = revocation_pb2.RevokeTokenRequest(token=tokens.refresh_token, client=public_client(road.client_id))
    introspect = introspection_pb2.IntrospectTokenRequest(token=tokens.access_token, client=revoke.client)
    calls: list[tuple[Any, Any]] = [
        (serving.authorization.StartAuthorization, start),
        (serving.authorization.DecideConsent, decide),
        (serving.sessions.LogIn, login),
        (serving.sessions.LogOut, logout),
        (serving.registration.RegisterClient, register),
        (serving.tokens.IssueToken, road.redeeming(code)),
        (serving.tokens.IssueToken, road.refreshing(tokens.refresh_token)),
        (serving.revocation.RevokeToken, revoke),
        (serving.introspection.IntrospectToken, introspect),
    ]
    for method, request in calls:
        refusal = refused(method, request)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "OAUTH_CLIENTS_DISABLED")
    batch = token_pb2.IssueTokensRequest(requests=[road.refreshing(tokens.refresh_token)])
    result = serving.tokens.IssueTokens(batch, timeout=DEADLINE).results[0]
    assert result.error.reason == "OAUTH_CLIENTS_DISABLED"


def test_tokens_stop_validating_and_come_back(road: Road, switched_off: Callable[[], None]) -> None:
    """Inactive while off, as before afterwards: grants, codes and clients stay stored."""
    tokens, code = road.connect(), road.code()
    serving, policy = road.serving, road.serving.config.policy()
    switched_off()
    assert not road.validate(tokens.access_token).active
    facts = serving.discovery.GetServerMetadata(discovery_pb2.GetServerMetadataRequest(), timeout=DEADLINE)
    assert not facts.oauth_clients_enabled
    serving.core.change_policy(policy)
    assert road.validate(tokens.access_token).active
    assert serving.tokens.IssueToken(road.redeeming(code), timeout=DEADLINE).access_token
    assert serving.tokens.IssueToken(road.refreshing(tokens.refresh_token), timeout=DEADLINE).access_token


def test_operators_may_do_everything_while_clients_are_off(road: Road, switched_off: Callable[[], None]) -> None:
    """What is revoked while off stays revoked when it is on again."""
    tokens = road.connect()
    switched_off()
    answer = road.serving.users.DisableUser(user_admin_pb2.DisableUserRequest(username=road.username), timeout=DEADLINE)
    assert answer.revoked_grants == 1
    road.serving.core.change_policy(road.serving.config.policy())
    assert not road.validate(tokens.access_token).active


def test_a_core_that_starts_switched_off_says_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The setting, not only its reload."""
    settings = "[Server]\nOAuthClientsEnabled = false"
    with Serving(tmp_path_factory.mktemp("off"), settings) as serving:
        register = registration_pb2.RegisterClientRequest(client_metadata=b'{"redirect_uris": ["http://localhost/"]}')
        assert refused(serving.registration.RegisterClient, register).reason == "OAUTH_CLIENTS_DISABLED"
