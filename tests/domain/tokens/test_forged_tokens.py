"""Access tokens that are not ours, or not quite: none of them validates (RFC 8725, RFC 9068 §4)."""

import hmac
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.house import ISSUER, MCP, House
from tests.domain.road import Connection, connect, validate
from tests.domain.tokens.forging import assemble, claims_of, decode_part, encode_part, header_of, sign


@pytest.fixture(scope="module")
def connection(house: House) -> Connection:
    """The token that the attacks start from."""
    return connect(house)


@pytest.fixture(scope="module")
def token(connection: Connection) -> str:
    """A good access token."""
    return connection.tokens.access_token


def test_our_own_signature_over_the_same_claims_is_good(house: House, token: str) -> None:
    """The attacks below fail for what they change, not for how they are made."""
    assert validate(house, sign(house, token)) is not None


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", "ES384", "RS256", "HS256", "EdDSA"])
def test_the_header_does_not_choose_the_algorithm(house: House, token: str, alg: str) -> None:
    """CVE-2026-28802, CVE-2026-48523: one key, one algorithm, from our key record."""
    header, claims, signature = {**header_of(token), "alg": alg}, claims_of(token), decode_part(token.split(".")[2])
    for forged in (b"", signature):
        assert validate(house, assemble(header, claims, forged)) is None
    unsigned = assemble(header, claims, b"")
    for text in (unsigned, unsigned.rstrip("."), unsigned + "."):
        assert validate(house, text) is None


def test_a_public_key_is_no_shared_secret(house: House, token: str) -> None:
    """CVE-2022-29217, CVE-2024-33663: HMAC with the public key in every form it is published in."""
    public_key = jwt.PyJWKSet.from_json(house.keys.jwks())[header_of(token)["kid"]].key
    pem = public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    der = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    jwk = json.dumps(json.loads(house.keys.jwks())["keys"][0]).encode()
    for secret in (pem, pem.strip(), der, jwk):
        for alg, digest in (("HS256", "sha256"), ("HS512", "sha512")):
            signing_input = assemble({**header_of(token), "alg": alg}, claims_of(token), b"").rstrip(".")
            signature = hmac.digest(secret, signing_input.encode(), digest)
            assert validate(house, f"{signing_input}.{encode_part(signature)}") is None


def test_another_key_under_our_kid_is_not_ours(house: House, token: str) -> None:
    """A kid names a key, it does not make one."""
    other = ec.generate_private_key(ec.SECP256R1())
    assert validate(house, jwt.encode(claims_of(token), other, "ES256", headers=header_of(token))) is None


@pytest.mark.parametrize("member", ["jwk", "jku", "x5u", "x5c"])
def test_a_key_that_the_token_brings_along_is_not_believed(house: House, token: str, member: str) -> None:
    """CVE-2026-27962: jwk, jku, x5u and x5c are read by nobody, with our kid, another one or none."""
    other = ec.generate_private_key(ec.SECP256R1())
    jwk = jwt.algorithms.ECAlgorithm.to_jwk(other.public_key(), as_dict=True)
    value = {"jwk": jwk, "jku": "https://evil.example/jwks", "x5u": "https://evil.example/x", "x5c": ["MII"]}[member]
    for kid in (header_of(token)["kid"], "another", None):
        header = {"typ": "at+jwt", member: value} | ({} if kid is None else {"kid": kid})
        assert validate(house, jwt.encode(claims_of(token), other, "ES256", headers=header)) is None


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": "jwt"},
        {"typ": ""},
        {"typ": None},
        {"typ": "id+jwt"},
        {"typ": "logout+jwt"},
        {"kid": None},
        {"kid": ""},
        {"kid": "unknown"},
        {"kid": "../../dev/null"},
        {"kid": "' OR 1=1 --"},
        {"crit": ["exp"]},
        {"crit": ["b64"], "b64": False},
        {"crit": []},
    ],
)
def test_a_header_that_is_not_ours_is_refused(house: House, token: str, header: dict[str, Any]) -> None:
    """RFC 9068 §4 (typ), CVE-2025-59420 (crit), RFC 8725 §3.11: even over our own signature."""
    assert validate(house, sign(house, token, **header)) is None


@pytest.mark.parametrize("kid", [7, ["a"], {"a": 1}, True])
def test_a_kid_of_another_type_is_refused(house: House, token: str, kid: object) -> None:
    """A header of any shape is an answer, never a failure."""
    signature = decode_part(token.split(".")[2])
    assert validate(house, assemble({**header_of(token), "kid": kid}, claims_of(token), signature)) is None


ISSUERS = [
    "",
    "https://auth.example.co",
    "https://auth.example.com/",
    "https://auth.example.com.evil.example",
    "https://evil.example/https://auth.example.com",
    "https://AUTH.example.com",
    "http://auth.example.com",
    ["https://auth.example.com"],
    None,
    7,
]


@pytest.mark.parametrize("issuer", ISSUERS)
def test_another_issuer_is_not_this_one(house: House, token: str, issuer: object) -> None:
    """CVE-2024-53861: compared whole, never as a substring or a list."""
    assert validate(house, sign(house, token, {**claims_of(token), "iss": issuer})) is None


@pytest.mark.parametrize("claim", ["iss", "sub", "aud", "client_id", "scope", "jti", "iat", "exp", "gid", "rev"])
@pytest.mark.parametrize("value", ["removed", None])
def test_every_claim_is_required(house: House, token: str, claim: str, value: str | None) -> None:
    """CVE-2026-55669, RFC 9068 §2.2: each claim removed in turn, and each as null."""
    claims = claims_of(token)
    if value is None:
        claims[claim] = None
    else:
        del claims[claim]
    assert validate(house, sign(house, token, claims)) is None


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("aud", []),
        ("aud", [7]),
        ("aud", {"https://auth.example.com": 1}),
        ("aud", [[ISSUER]]),
        ("aud", ISSUER + ".evil.example"),
        ("aud", "no uri"),
        ("exp", 1),
        ("exp", "never"),
        ("exp", []),
        ("scope", ["mcp"]),
        ("rev", "x"),
        ("sub", "nobody"),
        ("sub", ["nobody"]),
        ("client_id", []),
        ("gid", {}),
        ("jti", 1),
        ("exp", float("inf")),
        ("exp", 1e300),
        ("rev", True),
    ],
)
def test_a_claim_that_says_something_else_is_no_yes(house: House, token: str, claim: str, value: object) -> None:
    """Any value in any claim is an answer, never a failure."""
    assert validate(house, sign(house, token, {**claims_of(token), claim: value})) is None


def test_a_token_beyond_8_kib_is_refused_before_it_is_decoded(house: House, token: str) -> None:
    """CVE-2025-61920: our own signature over a giant claim, and giants of every shape, in no time."""
    giants = [sign(house, token, {**claims_of(token), "x": "x" * 8192})]
    giants += [letter * 1_000_000 for letter in ("a", ".", "a.", "e30.", "é")]
    began = time.thread_time()
    for text in giants:
        assert validate(house, text) is None
    # Of this thread's own CPU time: what else the machine does is not counted.
    assert time.thread_time() - began < 0.5


def test_encryption_and_other_forms_are_not_read(house: House, token: str) -> None:
    """No JWE, no JSON serialisation, no opaque token is an access token here."""
    rsa_key = rsa.generate_private_key(65537, 2048)
    others = [
        "a.b.c.d.e",
        json.dumps({"payload": token.split(".")[1], "signature": token.split(".")[2]}),
        jwt.encode(claims_of(token), rsa_key, "RS256", headers={"kid": header_of(token)["kid"], "typ": "at+jwt"}),
        "opaque",
        "Bearer " + token,
        token + " ",
        " " + token,
    ]
    for text in others:
        assert validate(house, text) is None


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_one_change_cut_or_extension_is_inactive(house: House, token: str, data: st.DataObject) -> None:
    """CVE-2026-27840: a token that is not exactly the one handed out is none, down to its last bits."""
    place = data.draw(st.one_of(st.integers(0, len(token) - 1), st.integers(len(token) - 3, len(token) - 1)))
    letter = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/.! \n"))
    changed = data.draw(
        st.sampled_from(
            [
                token[:place] + letter + token[place + 1 :],
                token[:place] + letter + token[place:],
                token[:place] + token[place + 1 :],
                token[:place],
                token + letter,
            ]
        )
    )
    if changed not in (token, ""):
        assert validate(house, changed) is None


def test_a_token_of_another_server_is_inactive(tmp_path_factory: pytest.TempPathFactory, token: str) -> None:
    """The same issuer and the same software with other keys: not ours."""
    other = House(tmp_path_factory.mktemp("other") / "database")
    try:
        assert validate(other, token) is None
        assert validate(other, token, MCP) is None
    finally:
        other.close()
