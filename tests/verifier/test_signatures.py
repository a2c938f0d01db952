"""`verify_locally`: a new token of a known user needs no call, and everything else is as without it."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tokenhouse.v1 import grant_admin_pb2, key_admin_pb2, user_admin_pb2
from tokenhouse_verifier.contract.changes_pb2 import Policy
from tokenhouse_verifier.errors import InsufficientScope, InvalidToken, Unavailable
from tokenhouse_verifier.signatures import Signatures
from tokenhouse_verifier.verifier import TokenVerifier

from tests.rpc.road import Road
from tests.serving import DEADLINE, ISSUER, Serving
from tests.verifier.conftest import Open
from tests.verifier.forms import Form, follow, refusal_of, wait_until, wait_until_refused
from tests.verifier.proxy import Proxy

MCP = "https://mcp.example.com/mcp"


@pytest.fixture
def local(opened: Open) -> Form:
    """A verifier that reads tokens itself."""
    return opened(audience=MCP, verify_locally=True)


@contextmanager
def without_core(proxy: Proxy) -> Iterator[None]:
    """Nothing passes."""
    proxy.freeze()
    try:
        yield
    finally:
        proxy.thaw()


def test_a_new_token_of_a_known_user_needs_no_call(road: Road, local: Form, proxy: Proxy) -> None:
    """Complete, as the core would have told it: name and groups too; and then it is remembered."""
    first, server_wide = road.connect(resource=MCP).access_token, road.connect().access_token
    follow(local, first)
    unseen = [road.connect(resource=MCP).access_token, server_wide]
    told = [road.validate(token, MCP) for token in unseen]
    with without_core(proxy):
        verified = [local.verify(token, timeout=0.05) for token in unseen]
        assert [local.verify(token, timeout=0.05) for token in unseen] == verified
    for token, answer in zip(verified, told, strict=True):
        assert (token.subject, token.username, token.groups) == (answer.subject, road.username, ("dev",))
        assert (token.client_id, token.scopes) == (answer.client_id, tuple(answer.scope))
        assert (token.audience, token.expires_at) == (tuple(answer.audience), answer.expires_at)
        assert token.grant_id == answer.grant_id


def test_a_user_that_is_not_known_is_asked_for(serving: Serving, road: Road, local: Form, proxy: Proxy) -> None:
    """The token does not say who they are."""
    follow(local, road.connect(resource=MCP).access_token)
    other = Road(serving)
    other.begin()
    token = other.connect(resource=MCP).access_token
    with without_core(proxy):
        assert isinstance(refusal_of(local, token, timeout=0.05), Unavailable)
    assert local.verify(token).username == other.username


def _revoke(road: Road, token: str) -> None:
    request = grant_admin_pb2.RevokeGrantRequest(grant_id=road.validate(token, MCP).grant_id)
    assert road.serving.grants.RevokeGrant(request, timeout=DEADLINE).revoked


def test_what_was_revoked_before_it_was_seen_is_refused(road: Road, opened: Open, local: Form) -> None:
    """By the claims gid and rev: revoked while the verifier watches, and before it began."""
    kept, before, after = (road.connect(resource=MCP).access_token for _ in range(3))
    _revoke(road, before)
    follow(local, kept)
    revision = road.validate(kept, MCP).revision
    _revoke(road, after)
    wait_until(lambda: local.verifier._memory.revision > revision, "the revocation")
    late = opened(audience=MCP, verify_locally=True)
    follow(late, kept)
    for form in (local, late):
        for token in (before, after):
            assert isinstance(refusal_of(form, token), InvalidToken)
        assert form.verify(road.connect(resource=MCP).access_token).username == road.username


def test_a_user_that_changed_is_asked_for_again(road: Road, local: Form) -> None:
    """Groups are those of now; a disabled user has none."""
    follow(local, road.connect(resource=MCP).access_token)
    unseen = road.connect(resource=MCP).access_token
    road.serving.users.SetGroups(
        user_admin_pb2.SetGroupsRequest(username=road.username, groups=["ops"]), timeout=DEADLINE
    )
    wait_until(lambda: local.verify(road.connect(resource=MCP).access_token).groups == ("ops",), "the new groups")
    assert local.verify(unseen).groups == ("ops",)
    another = road.connect(resource=MCP).access_token
    road.serving.users.DisableUser(user_admin_pb2.DisableUserRequest(username=road.username), timeout=DEADLINE)
    wait_until_refused(local, unseen)
    assert isinstance(refusal_of(local, another), InvalidToken)


def test_keys_rotate_and_are_withdrawn(serving: Serving, road: Road, local: Form, proxy: Proxy) -> None:
    """The stream brings the new key; a token of one that was withdrawn is not read here any more."""
    follow(local, road.connect(resource=MCP).access_token)
    kid = serving.core._keys.signer.key_id
    old = road.connect(resource=MCP).access_token
    serving.keys.RotateSigningKey(key_admin_pb2.RotateSigningKeyRequest(now=True), timeout=DEADLINE)
    new = road.connect(resource=MCP).access_token
    signer, signatures = serving.core._keys.signer.key_id, local.verifier._signatures
    wait_until(lambda: signatures is not None and signer in signatures._keys, "the new key")
    with without_core(proxy):
        assert local.verify(new, timeout=0.05).username == road.username
    revision = road.validate(new, MCP).revision
    serving.keys.WithdrawSigningKey(key_admin_pb2.WithdrawSigningKeyRequest(key_id=kid), timeout=DEADLINE)
    wait_until(lambda: local.verifier._memory.revision > revision, "the change")
    assert isinstance(refusal_of(local, old), InvalidToken)


def test_the_policy_counts(serving: Serving, road: Road, local: Form) -> None:
    """Server-wide tokens only where they are allowed, and none while clients are off."""
    own, wide = road.connect(resource=MCP).access_token, road.connect().access_token
    follow(local, own)
    policy = serving.config.policy()
    try:
        serving.core.change_policy(replace(policy, server_wide_tokens=False))
        wait_until(lambda: refusal_of(local, wide) is not None, "the policy")
        assert local.verify(own).username == road.username
        serving.core.change_policy(replace(policy, clients_enabled=False))
        wait_until(lambda: refusal_of(local, own) is not None, "the policy")
    finally:
        serving.core.change_policy(policy)


def test_required_scopes_count(road: Road, opened: Open, proxy: Proxy) -> None:
    """RFC 6750 §3.1, read here or not."""
    form = opened(audience=MCP, verify_locally=True, required_scopes=["files"])
    follow(form, road.connect(resource=MCP, scope="mcp files").access_token)
    enough = road.connect(resource=MCP, scope="files").access_token
    with without_core(proxy):
        assert form.verify(enough, timeout=0.05).scopes == ("files",)
    assert isinstance(refusal_of(form, road.connect(resource=MCP).access_token), InsufficientScope)


def test_silence_ends_it_too(road: Road, local: Form, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who hears of no revocations reads no tokens."""
    monkeypatch.setattr("tokenhouse_verifier.memory.SILENCE", 1.5)
    follow(local, road.connect(resource=MCP).access_token)
    unseen = road.connect(resource=MCP).access_token
    with without_core(proxy):
        wait_until(lambda: not local.verifier.is_following, "silence")
        assert isinstance(refusal_of(local, unseen, timeout=0.05), Unavailable)


KEY, OTHER = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
CLAIMS = {
    "iss": ISSUER,
    "sub": "s",
    "aud": MCP,
    "client_id": "c",
    "scope": "mcp",
    "iat": 1,
    "exp": 2,
    "gid": "g",
    "rev": 3,
}
HEADER = {"typ": "at+jwt", "kid": "one"}


def _jwks(key: Any, **changes: Any) -> str:
    jwk = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return json.dumps({"keys": [{**jwk, "kid": "one", "alg": "ES256", **changes}]})


def _signatures(**changes: Any) -> Signatures:
    made = Signatures(MCP)
    facts = {"issuer": ISSUER, "oauth_clients_enabled": True, "server_wide_tokens": True, "jwks": _jwks(KEY)}
    made.use(Policy(**{**facts, **changes}))
    return made


def _signed(key: Any = KEY, header: dict[str, Any] = HEADER, algorithm: str = "ES256", **changes: Any) -> str:
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    return jwt.encode(claims, key, algorithm, headers=header)


def test_a_good_signature_is_read() -> None:
    """RFC 9068 §4: type, issuer, audience, key and algorithm."""
    for audience in (MCP, [MCP, "https://files.example.com/"], ISSUER):
        claims = _signatures().find_claims(_signed(aud=audience))
        assert claims is not None
        assert (claims.subject, claims.scopes, claims.revision, claims.expires_at) == ("s", ("mcp",), 3, 2)


def _changed(name: str, value: Any) -> Callable[[], str]:
    changes: dict[str, Any] = {name: value}
    return lambda: _signed(**changes)


BAD: list[Callable[[], str]] = [
    lambda: _signed(OTHER),
    lambda: _signed(header={"typ": "JWT", "kid": "one"}),
    lambda: _signed(header={"kid": "one"}),
    lambda: _signed(header={"typ": "at+jwt"}),
    lambda: _signed(header={"typ": "at+jwt", "kid": "two"}),
    lambda: _signed(header={"typ": "at+jwt", "kid": "one", "crit": ["x"]}),
    lambda: _signed(iss="https://evil.example.com"),
    lambda: _signed(aud="https://files.example.com/"),
    lambda: _signed(aud=[]),
    lambda: _signed(aud=7),
    lambda: _signed("secret" * 8, algorithm="HS256"),
    lambda: jwt.encode(CLAIMS, "", "none", headers=HEADER),
    lambda: _signed()[:-2],
    lambda: "unknown",
    lambda: "a.b.c",
    lambda: "",
    *(_changed(name, None) for name in CLAIMS),
    *(_changed(name, ["x"]) for name in ("scope", "exp", "iat", "rev")),
]


@pytest.mark.parametrize("make", BAD)
def test_anything_else_is_not_read(make: Callable[[], str]) -> None:
    """Then the core is asked: nothing is accepted here that is not plainly good."""
    assert _signatures().find_claims(make()) is None


def test_a_policy_that_forbids_is_obeyed() -> None:
    """Server-wide tokens off, clients off, no key, or one of another algorithm."""
    assert _signatures(server_wide_tokens=False).find_claims(_signed(aud=ISSUER)) is None
    assert _signatures(oauth_clients_enabled=False).find_claims(_signed()) is None
    assert _signatures(jwks='{"keys":[]}').find_claims(_signed()) is None
    assert _signatures(jwks=_jwks(KEY, alg="ES384")).find_claims(_signed()) is None
    assert Signatures(MCP).find_claims(_signed()) is None


def test_the_extra_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where PyJWT is not installed, the error says what to install; without `verify_locally` nothing is missing."""
    monkeypatch.setitem(sys.modules, "jwt", None)
    monkeypatch.delitem(sys.modules, "tokenhouse_verifier.signatures")
    TokenVerifier("127.0.0.1:1", audience=MCP)
    with pytest.raises(ImportError, match=r"tokenhouse-verifier\[jwt\]"):
        TokenVerifier("127.0.0.1:1", audience=MCP, verify_locally=True)
