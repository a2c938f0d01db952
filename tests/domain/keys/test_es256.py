"""ES256 signatures (RFC 7518 §3.4)."""

import jwt

from core.domain.keys.es256 import Signer, new_key_pair


def test_a_small_number_has_as_many_bytes_as_a_large_one() -> None:
    """RFC 7518 §3.4: R and S are 32 bytes each, leading zeros included; one in 128 signatures has one."""
    private_key, jwk = new_key_pair()
    signer, key = Signer(jwk["kid"], private_key), jwt.PyJWK(jwk)
    for number in range(5_000):
        text = signer.sign({"n": number}, "at+jwt")
        assert jwt.decode(text, key, algorithms=["ES256"]) == {"n": number}
        signature = jwt.utils.base64url_decode(text.rpartition(".")[2])
        assert len(signature) == 64
        if 0 in (signature[0], signature[32]):
            return
    raise AssertionError("no small number in five thousand signatures")
