"""ID tokens as OpenID Connect Core §3.1.3.7 has them checked: each with one thing wrong, and refused for that."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import KeySet

from core.domain.errors import UpstreamLoginFailed
from core.domain.upstream.provider import AskedLogin
from core.outbound.openid_client import KeyUnknown, verify_id_token
from tests.domain.upstream.test_claims import PROVIDER

NOW = 1_800_000_000
KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())
ASKED = AskedLogin("https://auth.example.com/login/callback/company", "the nonce", "the verifier")
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
METADATA = {"id_token_signing_alg_values_supported": ["ES256", "HS256", "none"]}


def claims(**changes: Any) -> dict[str, Any]:
    """Good ones; None leaves one out."""
    good = {
        "iss": PROVIDER.issuer,
        "sub": "248289761001",
        "aud": PROVIDER.client_id,
        "exp": NOW + 60,
        "iat": NOW,
        "nonce": ASKED.nonce,
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def signed(key: Any = KEY, algorithm: str = "ES256", kid: str = "k", **changes: Any) -> str:
    """An ID token."""
    return jwt.encode(claims(**changes), key, algorithm, {"kid": kid})


def verify(token: object, asked: AskedLogin = ASKED, **more: Any) -> dict[str, Any]:
    """As after a login."""
    jwk = jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
    keys = KeySet.import_key_set({"keys": [jwk | {"kid": "k", "use": "sig"}]})
    return verify_id_token({"id_token": token, **more}, keys, METADATA, PROVIDER, asked, NOW)


def _forged_with_the_public_key() -> str:
    # No library signs with a public key by itself any more.
    import hashlib
    import hmac
    from base64 import urlsafe_b64encode

    head = signed(key="x" * 32, algorithm="HS256").rpartition(".")[0]
    tag = hmac.new(PUBLIC, head.encode(), hashlib.sha256).digest()
    return f"{head}.{urlsafe_b64encode(tag).rstrip(b'=').decode()}"


BAD: dict[str, Callable[[], object]] = {
    "another issuer": lambda: signed(iss="https://id.example.org"),
    "another issuer that begins alike": lambda: signed(iss=f"{PROVIDER.issuer}/"),
    "for another client": lambda: signed(aud="somebody else"),
    "for several clients without a party": lambda: signed(aud=[PROVIDER.client_id, "somebody else"]),
    "for another party": lambda: signed(azp="somebody else"),
    "another nonce": lambda: signed(nonce="another"),
    "no nonce": lambda: signed(nonce=None),
    "expired": lambda: signed(exp=NOW - 61),
    "no end": lambda: signed(exp=None),
    "of tomorrow": lambda: signed(iat=NOW + 86400, nbf=NOW + 86400),
    "nobody": lambda: signed(sub=None),
    "an empty name": lambda: signed(sub=""),
    "a number": lambda: jwt.encode(claims(sub=None) | {"sub": "x" * 256}, KEY, "ES256", {"kid": "k"}),
    "signed by another key": lambda: signed(key=OTHER_KEY),
    "signed by nobody": lambda: signed(key=None, algorithm="none"),
    "signed with the public key": _forged_with_the_public_key,
    "another access token": lambda: signed(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
    "no token": lambda: None,
    "no JWT": lambda: "a.b.c",
}


@pytest.mark.parametrize("made", BAD.values(), ids=BAD.keys())
def test_one_thing_wrong(made: Callable[[], object]) -> None:
    """Whatever it is, nobody has signed in."""
    with pytest.raises(UpstreamLoginFailed):
        verify(made(), access_token="the access token")


@pytest.mark.parametrize("made", BAD.values(), ids=BAD.keys())
def test_what_is_wrong_has_a_name_for_pages(made: Callable[[], object]) -> None:
    """A page names a claim as the standard does, and says in its reader's language what is wrong with the signature or
    the whole: how a library calls that is for the log."""
    with pytest.raises(UpstreamLoginFailed) as caught:
        verify(made(), access_token="the access token")
    [said] = caught.value.said

    assert said.values["provider"] == PROVIDER.label
    assert (said.sentence, *(value for name, value in said.values.items() if name != "provider")) in {
        *(("id_token_bad", claim) for claim in ("iss", "aud", "azp", "nonce", "exp", "nbf", "iat", "sub", "at_hash")),
        ("id_token_nobody",),
        ("id_token_unsound",),
    }
    assert ("Error" in caught.value.description) == (said.sentence == "id_token_unsound")


def test_a_good_one() -> None:
    """Its claims; also with this server as the party of several audiences, and a minute late."""
    assert verify(signed())["sub"] == "248289761001"
    assert verify(signed(aud=[PROVIDER.client_id, "another"], azp=PROVIDER.client_id))["sub"] == "248289761001"
    assert verify(signed(exp=NOW - 59))["sub"] == "248289761001"


def test_when_the_user_signed_in() -> None:
    """§3.1.3.7 rule 13: where that was to be now, auth_time is there, a number, and no older than the question, by
    clocks that differ by a minute at the most; where it was not, nobody looks."""
    anew = replace(ASKED, signs_in_since=NOW - 10)
    for auth_time in (None, True, "now", str(NOW), NOW - 71, 0, NOW + 61, NOW * 1000, float("nan")):
        with pytest.raises(UpstreamLoginFailed):
            verify(signed(auth_time=auth_time), anew)
    for unasked in (None, 0, NOW - 71, NOW + 61):
        assert verify(signed(auth_time=unasked))
    for good in (NOW - 70, NOW - 10, NOW, NOW + 60, NOW + 0.5):
        assert verify(signed(auth_time=good), anew)


def test_an_unknown_key_is_looked_for() -> None:
    """§10.1.1: it may have been rotated in, so it is no refusal yet."""
    with pytest.raises(KeyUnknown):
        verify(signed(key=OTHER_KEY, kid="another"))
