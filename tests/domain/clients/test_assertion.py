"""private_key_jwt: an assertion is its client's, for this server, for now, and for one request (RFC 7523 §3)."""

import base64
import json
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import jwt
import pytest

from core.domain.clients.authentication import TOKEN_ENDPOINT, ClientCredentials
from core.domain.clients.client import Client
from core.domain.errors import InvalidClient, InvalidRequest
from core.domain.grants.token_request import ClientCredentialsParameters, TokenRequest
from core.store.sqlite.database import connect_writer
from core.store.sqlite.folder import DATABASE
from facade import paths
from tests.assertions import KeyPair, a_key_pair
from tests.domain.house import ISSUER, MCP, House
from tests.domain.road import a_code, a_confidential_client, a_user, connect, redeeming

_KEYS = a_key_pair()
_OTHERS = a_key_pair()


def _a_program(house: House, keys: str = _KEYS.jwks, **wanted: Any) -> Client:
    everything = ("authorization_code", "refresh_token", "client_credentials")
    wanted = {"grant_types": everything, "scope": ("mcp",), "resources": (MCP,), **wanted}
    return a_confidential_client(house, authentication_method="private_key_jwt", keys=keys, **wanted)[0]


def _proof(assertion: str, client_id: str = "", attempt_id: bytes = b"") -> ClientCredentials:
    return ClientCredentials(client_id, None, "private_key_jwt", assertion, attempt_id or secrets.token_bytes(16))


def _asking(assertion: str, client_id: str = "", attempt_id: bytes = b"") -> TokenRequest:
    attempt_id = attempt_id or secrets.token_bytes(16)
    parameters = ClientCredentialsParameters(None)
    return TokenRequest(parameters, _proof(assertion, client_id, attempt_id), (), attempt_id, "192.0.2.1")


def _is_good(house: House, assertion: str, client_id: str = "") -> bool:
    try:
        house.tokens.issue(_asking(assertion, client_id))
    except InvalidClient:
        return False
    return True


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "PS256", "EdDSA"])
def test_every_algorithm_that_is_announced(house: House, algorithm: str) -> None:
    """RFC 7518 §3.1, RFC 8037: with the key as a JWK Set and as PEM, and with client_id beside it or not."""
    keys = a_key_pair(algorithm)
    for given in (keys.jwks, keys.pem):
        client = _a_program(house, given)
        header = {"kid": None} if given == keys.pem else {}
        for named in (client.client_id, ""):
            assertion = keys.sign(client.client_id, ISSUER, house.clock.now(), header=header)
            assert _is_good(house, assertion, named)


@pytest.mark.parametrize("audience", [ISSUER, [ISSUER], f"{ISSUER}{TOKEN_ENDPOINT}"])
@pytest.mark.parametrize("kind", [None, "JWT", "jwt", "client-authentication+jwt"])
def test_what_clients_write(house: House, audience: Any, kind: str | None) -> None:
    """draft-ietf-oauth-rfc7523bis: the issuer alone; RFC 7523 §3: deployed clients name the token endpoint."""
    client = _a_program(house)

    assert TOKEN_ENDPOINT == paths.TOKEN
    assert _is_good(house, _KEYS.sign(client.client_id, audience, house.clock.now(), header={"typ": kind}))


def _signed(**changes: Any) -> Callable[[Client, int], str]:
    return lambda client, now: _KEYS.sign(client.client_id, changes.get("aud", ISSUER), now, **changes)


def _at(**offsets: int) -> Callable[[Client, int], str]:
    return lambda client, now: _KEYS.sign(
        client.client_id, ISSUER, now, **{name: now + offset for name, offset in offsets.items()}
    )


def _with_header(**header: Any) -> Callable[[Client, int], str]:
    return lambda client, now: _KEYS.sign(client.client_id, ISSUER, now, header=header)


def _unsigned(client: Client, now: int) -> str:
    _, payload, _ = _KEYS.sign(client.client_id, ISSUER, now).split(".")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).rstrip(b"=").decode()
    return f"{none}.{payload}."


def _with_the_public_key_as_a_secret(client: Client, now: int) -> str:
    claims = {"iss": client.client_id, "sub": client.client_id, "aud": ISSUER, "jti": "x", "exp": now + 60}
    secret = _KEYS.pem.encode()
    # The library itself refuses to sign with what looks like a public key.
    head = {"alg": "HS256", "kid": _KEYS.key_id}
    signed = ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (head, claims)
    )
    tag = jwt.get_algorithm_by_name("HS256").sign(signed.encode(), secret)
    return f"{signed}.{base64.urlsafe_b64encode(tag).rstrip(b'=').decode()}"


_WRONG: dict[str, Callable[[Client, int], str]] = {
    "no JWT": lambda client, now: "nonsense",
    "unsigned": _unsigned,
    "signed with the public key": _with_the_public_key_as_a_secret,
    "another's key": lambda client, now: _OTHERS.sign(client.client_id, ISSUER, now),
    "another's key in its header": lambda client, now: _OTHERS.sign(
        client.client_id, ISSUER, now, header={"jwk": _OTHERS.jwk, "kid": None}
    ),
    "a kid of nobody's": _with_header(kid="key-9"),
    "crit": _with_header(crit=["exp"]),
    "an access token's typ": _with_header(typ="at+jwt"),
    "a proof of possession's typ": _with_header(typ="dpop+jwt"),
    "no iss": _signed(iss=None),
    "another iss": _signed(iss="somebody"),
    "no sub": _signed(sub=None),
    "another sub": _signed(sub="somebody"),
    "no aud": _signed(aud=None),
    "another aud": _signed(aud="https://other.example.com"),
    "aud with a slash": _signed(aud=f"{ISSUER}/"),
    "aud that begins so": _signed(aud=ISSUER[:-1]),
    "aud of another endpoint": _signed(aud=f"{ISSUER}/oauth/v1/register"),
    "two audiences": _signed(aud=[ISSUER, "https://other.example.com"]),
    "no audience": _signed(aud=[]),
    "no exp": _signed(exp=None),
    "exp that is text": _signed(exp="2100000000"),
    "exp that is true": _signed(exp=True),
    "expired": _at(exp=-60, iat=-120),
    "good for too long": _at(exp=3661),
    "iat in the future": _at(iat=61),
    "iat long ago": _at(iat=-3661),
    "nbf in the future": _at(nbf=61),
    "no jti": _signed(jti=None),
    "an empty jti": _signed(jti=""),
    "a long jti": _signed(jti="x" * 257),
    "a jti that is a number": _signed(jti=7),
    "larger than 8 KiB": _signed(more="x" * 9000),
}


@pytest.mark.parametrize("wrong", _WRONG)
def test_one_thing_wrong_is_enough(house: House, wrong: str) -> None:
    """RFC 7523 §3, RFC 8725; CVE-2025-27370, CVE-2022-29217, CVE-2026-27962, CVE-2024-53861: each alone is refused."""
    client = _a_program(house)

    assert not _is_good(house, _WRONG[wrong](client, house.clock.now()), client.client_id)


@pytest.mark.parametrize("offsets", [{"exp": -59, "iat": -119}, {"exp": 3660}, {"iat": 60}, {"nbf": 60}])
def test_clocks_may_differ_by_a_minute(house: House, offsets: dict[str, int]) -> None:
    """RFC 7519 §4.1.4: a small leeway, and the server's own time; some libraries sign for an hour."""
    client = _a_program(house)

    assert _is_good(house, _at(**offsets)(client, house.clock.now()))


def test_the_keys_algorithm_counts(house: House) -> None:
    """CVE-2026-48523: a key for PS256 opens nothing that was signed with RS256, though it could."""
    ps256 = a_key_pair("PS256")
    client = _a_program(house, ps256.jwks)
    rs256 = KeyPair("RS256", ps256.key_id, ps256.private_key)

    assert not _is_good(house, rs256.sign(client.client_id, ISSUER, house.clock.now()))
    assert _is_good(house, ps256.sign(client.client_id, ISSUER, house.clock.now()))


def test_of_several_keys_the_named_one(house: House) -> None:
    """RFC 7517 §4.5: while keys are replaced both are good, each under its own kid."""
    newer = a_key_pair(key_id="key-2")
    client = _a_program(house, json.dumps({"keys": [_KEYS.jwk, newer.jwk]}))

    now = house.clock.now()
    assert _is_good(house, _KEYS.sign(client.client_id, ISSUER, now))
    assert _is_good(house, newer.sign(client.client_id, ISSUER, now))
    assert not _is_good(house, newer.sign(client.client_id, ISSUER, now, header={"kid": "key-1"}))


def test_an_assertion_is_good_once(house: House) -> None:
    """GHSA-3p3g-vpw6-4w66, RFC 7523 §3: for one request, whatever the next one asks for, and after a restart too."""
    client, server = _a_program(house), _a_program(house)
    assertion = _KEYS.sign(client.client_id, ISSUER, house.clock.now())
    assert _is_good(house, assertion)

    assert not _is_good(house, assertion)
    with pytest.raises(InvalidClient):
        house.revocation.revoke("nonsense", _proof(assertion))
    with pytest.raises(InvalidClient):
        house.introspection.introspect("nonsense", _proof(assertion))
    house.restart()
    assert not _is_good(house, assertion)
    # The same jti is another client's business.
    token_id = jwt.decode(assertion, options={"verify_signature": False})["jti"]
    assert _is_good(house, _KEYS.sign(server.client_id, ISSUER, house.clock.now(), jti=token_id))


def test_revocation_and_introspection_use_it_up(house: House) -> None:
    """The one place that authenticates is every endpoint's, and so is what was used."""
    client = _a_program(house)
    connection = connect(house, MCP)
    for ask in (house.revocation.revoke, house.introspection.introspect):
        assertion = _KEYS.sign(client.client_id, ISSUER, house.clock.now())
        ask(connection.tokens.access_token, _proof(assertion))
        assert not _is_good(house, assertion)


def test_of_twenty_at_once_one_is_answered(house: House) -> None:
    """darkauth 78 and its kind: it is decided in the transaction that writes, not before it."""
    client = _a_program(house)
    assertion = _KEYS.sign(client.client_id, ISSUER, house.clock.now())
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: _is_good(house, assertion), range(20)))
    batch = house.tokens.issue_all([_asking(_KEYS.sign(client.client_id, ISSUER, house.clock.now(), jti="one"))] * 1)
    again = [_asking(_KEYS.sign(client.client_id, ISSUER, house.clock.now(), jti="two")) for _ in range(5)]

    assert sum(answers) == 1
    assert not isinstance(batch[0], Exception)
    assert sum(not isinstance(answer, Exception) for answer in house.tokens.issue_all(again)) == 1


def test_the_facades_own_retry_is_the_same_request(house: House) -> None:
    """A reply that got lost between the processes costs nobody an assertion: the attempt is the same."""
    client = _a_program(house)
    request = _asking(_KEYS.sign(client.client_id, ISSUER, house.clock.now()))

    assert house.tokens.issue(request).access_token
    assert house.tokens.issue(request).access_token
    with pytest.raises(InvalidRequest):
        house.authentication.authenticate(
            ClientCredentials("", None, "private_key_jwt", request.client.client_assertion)
        )


@pytest.mark.parametrize("assertion", ["x", "a.b.c", "eyJhbGciOiJFUzI1NiJ9.e30.AAAA"])
def test_what_is_no_assertion_is_told_as_that(house: House, assertion: str) -> None:
    """RFC 7521 §4.2: with an assertion no client_id is needed, so what is wrong is not that it is missing."""
    with pytest.raises(InvalidClient, match="client_assertion: it is no JWT that names its client as sub"):
        house.authentication.authenticate(_proof(assertion))


def test_a_refused_request_has_used_it_up(house: House) -> None:
    """What a request was refused for is not what its assertion was for: it is not good for a second try."""
    client = _a_program(house)
    assertion = _KEYS.sign(client.client_id, ISSUER, house.clock.now())
    request = TokenRequest(
        ClientCredentialsParameters("unknown"), _proof(assertion), (), secrets.token_bytes(16), "192.0.2.1"
    )

    [refused] = house.tokens.issue_all([request])
    assert type(refused).__name__ == "InvalidScope"
    assert not _is_good(house, assertion)


def test_a_code_beside_a_used_assertion_is_in_the_wrong_hands(house: House) -> None:
    """RFC 9700 §4.5: a whole request that comes again ends the grant, though its client is not believed."""
    client = _a_program(house)
    code = a_code(house, client, a_user(house))
    request = redeeming(client.client_id, code)
    proof = _proof(_KEYS.sign(client.client_id, ISSUER, house.clock.now()))

    def asking(attempt_id: bytes) -> TokenRequest:
        credentials = _proof(proof.client_assertion, client.client_id, attempt_id)
        return TokenRequest(request.grant, credentials, (), attempt_id, "192.0.2.1")

    tokens = house.tokens.issue(asking(secrets.token_bytes(16)))
    with pytest.raises(InvalidClient):
        house.tokens.issue(asking(secrets.token_bytes(16)))
    assert type(house.validation.validate(tokens.access_token, ISSUER)).__name__ == "Inactive"


def test_what_was_used_is_forgotten_when_it_is_good_no_more(house: House) -> None:
    """The table does not grow with use; and what is forgotten has expired."""

    def kept() -> int:
        with closing(connect_writer(house.folder / DATABASE)) as connection:
            [(count,)] = connection.execute("SELECT COUNT(*) FROM client_assertions").fetchall()
            return int(count)

    client = _a_program(house)
    house.store.purge(now=house.clock.now() + 2 * 3600, limit=1000)
    assert kept() == 0
    assertion = _KEYS.sign(client.client_id, ISSUER, house.clock.now())
    assert _is_good(house, assertion)
    house.store.purge(now=house.clock.now() + 119, limit=1000)
    assert kept() == 1
    house.clock.advance(120)
    house.store.purge(now=house.clock.now(), limit=1000)
    assert kept() == 0
    assert not _is_good(house, assertion)
