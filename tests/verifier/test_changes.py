"""Changes reach the verifier: what ended is refused, what changed is new, and everything else stays remembered."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from tokenhouse.v1 import (
    client_admin_pb2,
    grant_admin_pb2,
    key_admin_pb2,
    revocation_pb2,
    token_pb2,
    user_admin_pb2,
)
from tokenhouse_verifier.contract.changes_pb2 import Policy
from tokenhouse_verifier.errors import InvalidToken

from core.domain.tokens.access_token import LONGEST_LIFETIME
from core.domain.tokens.change import ChangeKind
from tests.rpc.road import Road
from tests.serving import DEADLINE, Serving, public_client
from tests.verifier.conftest import Open
from tests.verifier.forms import Form, follow, refusal_of, wait_until, wait_until_refused
from tests.verifier.proxy import Proxy

Tokens = token_pb2.IssueTokenResponse
ELSEWHERE = "https://elsewhere.example.com/"


def _grant_id(road: Road, tokens: Tokens) -> str:
    return road.validate(tokens.access_token).grant_id


def _revoke_as_operator(road: Road, tokens: Tokens) -> None:
    request = grant_admin_pb2.RevokeGrantRequest(grant_id=_grant_id(road, tokens))
    road.serving.grants.RevokeGrant(request, timeout=DEADLINE)


def _revoke_as_client(road: Road, tokens: Tokens) -> None:
    request = revocation_pb2.RevokeTokenRequest(token=tokens.refresh_token, client=public_client(road.client_id))
    road.serving.revocation.RevokeToken(request, timeout=DEADLINE)


def _disable(road: Road, tokens: Tokens) -> None:
    road.serving.users.DisableUser(user_admin_pb2.DisableUserRequest(username=road.username), timeout=DEADLINE)


def _delete_user(road: Road, tokens: Tokens) -> None:
    road.serving.users.DeleteUser(user_admin_pb2.DeleteUserRequest(username=road.username), timeout=DEADLINE)


def _block(road: Road, tokens: Tokens) -> None:
    road.serving.clients.BlockClient(client_admin_pb2.BlockClientRequest(client_id=road.client_id), timeout=DEADLINE)


def _delete_client(road: Road, tokens: Tokens) -> None:
    road.serving.clients.DeleteClient(client_admin_pb2.DeleteClientRequest(client_id=road.client_id), timeout=DEADLINE)


ENDS = [_revoke_as_operator, _revoke_as_client, _disable, _delete_user, _block, _delete_client]


@contextmanager
def _policy(serving: Serving, **changes: Any) -> Iterator[None]:
    before = serving.config.policy()
    serving.core.change_policy(replace(before, **changes))
    try:
        yield
    finally:
        serving.core.change_policy(before)


def test_a_message_that_cannot_be_used_ends_nothing(serving: Serving, road: Road, form: Form) -> None:
    """What it says is forgotten with everything else, and the changes are followed anew."""
    tokens, memory = road.connect(), form.verifier._memory
    follow(form, tokens.access_token)
    refused: list[Policy] = []

    def refuse_the_first(policy: Policy) -> None:
        refused.append(policy)
        if len(refused) == 1:
            raise ValueError("no such policy")

    memory.on_policy = refuse_the_first
    with _policy(serving, clients_enabled=False):
        wait_until(lambda: len(refused) > 1, "another stream")
    wait_until(lambda: refusal_of(form, tokens.access_token) is None, "the policy of before")
    follow(form, tokens.access_token)
    _revoke_as_operator(road, tokens)
    assert isinstance(wait_until_refused(form, tokens.access_token), InvalidToken)


@pytest.mark.parametrize("end", ENDS)
def test_what_ended_is_refused_and_its_neighbours_are_not(
    serving: Serving, road: Road, form: Form, proxy: Proxy, end: Callable[[Road, Tokens], None]
) -> None:
    """README, Validation: by whatever way a token ends; other users and clients stay remembered, and need no core."""
    tokens, other = road.connect(), Road(serving)
    other.begin()
    neighbour = other.connect().access_token
    follow(form, tokens.access_token)
    kept = form.verify(neighbour)
    assert form.verify(neighbour) is kept
    end(road, tokens)
    assert isinstance(wait_until_refused(form, tokens.access_token), InvalidToken)
    proxy.freeze()
    assert form.verify(neighbour) is kept


def test_a_grant_that_ended_takes_no_other_with_it(road: Road, form: Form) -> None:
    """Two grants of one user to one client: the other one's token is good before and after."""
    ended, kept = road.connect(), road.connect()
    follow(form, kept.access_token)
    form.verify(ended.access_token)
    _revoke_as_operator(road, ended)
    wait_until_refused(form, ended.access_token)
    assert form.verify(kept.access_token).username == road.username


def test_groups_are_those_of_now(road: Road, form: Form) -> None:
    """A remembered answer is not used once the user's groups have changed."""
    token = road.connect().access_token
    assert follow(form, token).groups == ("dev",)
    for groups in (("ops",), ("a", "b"), ()):
        request = user_admin_pb2.SetGroupsRequest(username=road.username, groups=groups)
        road.serving.users.SetGroups(request, timeout=DEADLINE)
        wait_until(lambda expected=groups: form.verify(token).groups == expected, "the new groups")  # type: ignore[misc]


def test_switching_clients_off_and_on(serving: Serving, road: Road, form: Form, proxy: Proxy) -> None:
    """Server.OAuthClientsEnabled = false refuses every token, without a call; true brings them back."""
    token = road.connect().access_token
    follow(form, token)
    with _policy(serving, clients_enabled=False):
        wait_until_refused(form, token)
        wait_until(lambda: form.verifier._memory.policy.oauth_clients_enabled is False, "the policy")  # type: ignore[union-attr]
        proxy.freeze()
        assert isinstance(refusal_of(form, token), InvalidToken)
        proxy.thaw()
    wait_until(lambda: refusal_of(form, token) is None, "the token to be good again")


def test_switching_server_wide_tokens_off_and_on(serving: Serving, road: Road, opened: Open) -> None:
    """OAuth.ServerWideTokens = false: a token without a resource is good nowhere but at the issuer."""
    form, token = opened(audience=ELSEWHERE), road.connect().access_token
    follow(form, token)
    with _policy(serving, server_wide_tokens=False):
        assert isinstance(wait_until_refused(form, token), InvalidToken)
    wait_until(lambda: refusal_of(form, token) is None, "the token to be good again")


def test_everything_revoked(serving: Serving, road: Road, form: Form) -> None:
    """One change ends every token that there is; those made after it are good."""
    token, now = road.connect().access_token, serving.clock.now()
    follow(form, token)
    serving.core._store.write(
        lambda tx: tx.record_change(ChangeKind.ALL_REVOKED, "", now=now, keep_until=now + LONGEST_LIFETIME)
    )
    assert isinstance(wait_until_refused(form, token), InvalidToken)
    assert form.verify(road.connect().access_token).username == road.username


def test_keys_may_rotate_at_any_time(serving: Serving, road: Road, form: Form) -> None:
    """Tokens of the old key and of the new one are good throughout."""
    tokens = [road.connect().access_token]
    follow(form, tokens[0])
    for _ in range(3):
        serving.keys.RotateSigningKey(key_admin_pb2.RotateSigningKeyRequest(now=True), timeout=DEADLINE)
        tokens.append(road.connect().access_token)
        for token in tokens:
            assert form.verify(token).username == road.username


def test_a_core_that_restarts_is_followed_on(serving: Serving, road: Road, opened: Open) -> None:
    """The stream goes on where it broke: what was remembered stays, what ended meanwhile is refused."""
    port = serving.config.grpc.listen.port
    kept, ended = road.connect(), road.connect()
    _revoke_as_operator(road, road.connect())
    form = opened(target=f"127.0.0.1:{port}")
    remembered = follow(form, kept.access_token)
    form.verify(ended.access_token)
    epoch = form.verifier._memory.moment().epoch
    serving.stop()
    assert form.verify(kept.access_token) is remembered
    serving.start(port)
    _revoke_as_operator(road, ended)
    assert isinstance(wait_until_refused(form, ended.access_token), InvalidToken)
    wait_until(lambda: form.verifier._memory.moment().following, "the stream")
    assert form.verify(kept.access_token) is remembered
    assert form.verifier._memory.moment().epoch == epoch
