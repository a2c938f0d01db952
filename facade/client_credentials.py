"""How an OAuth client says who it is at the token and revocation endpoints (RFC 6749 §2.3)."""

import base64
import binascii
import secrets

from tokenhouse.v1.client_credentials_pb2 import ClientCredentials

from facade.errors import Refusal
from facade.forms import Form, decode

#: RFC 7523 §2.2.
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def parse_client_credentials(authorization: str | None, form: Form) -> ClientCredentials:
    """The credentials as sent, from the Authorization header or the body, never both (RFC 6749 §2.3)."""
    client_id = form.find("client_id")
    client_secret = form.find("client_secret")
    assertion = form.find("client_assertion")
    if assertion is not None:
        return _read_assertion(assertion, client_id, form, alone=authorization is None and client_secret is None)
    if authorization is not None:
        basic_id, basic_secret = _parse_basic(authorization)
        if client_secret is not None or client_id not in (None, basic_id):
            raise Refusal("INVALID_REQUEST", "Client credentials are sent in two ways at once.")
        return ClientCredentials(client_id=basic_id, client_secret=basic_secret, method="client_secret_basic")
    if client_secret is not None:
        return ClientCredentials(client_id=client_id or "", client_secret=client_secret, method="client_secret_post")
    return ClientCredentials(client_id=client_id or "", method="none")


def _read_assertion(assertion: str, client_id: str | None, form: Form, *, alone: bool) -> ClientCredentials:
    """RFC 7521 §4.2: a signed statement; client_id is not needed beside it."""
    if not alone:
        raise Refusal("INVALID_REQUEST", "Client credentials are sent in two ways at once.")
    if form.find("client_assertion_type") != _ASSERTION_TYPE:
        raise Refusal("INVALID_CLIENT", "The client_assertion_type is missing or not one this server supports.")
    return ClientCredentials(
        client_id=client_id or "",
        client_assertion=assertion,
        method="private_key_jwt",
        attempt_id=secrets.token_bytes(16),
    )


def _parse_basic(authorization: str) -> tuple[str, str]:
    """RFC 7617, with both halves form-encoded first (RFC 6749 §2.3.1)."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        if scheme.lower() != "basic":
            raise ValueError
        client_id, colon, client_secret = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        if not colon:
            raise ValueError
        return decode(client_id), decode(client_secret)
    except (ValueError, binascii.Error, Refusal):
        raise Refusal("INVALID_CLIENT", "The Authorization header is not well-formed Basic.") from None
