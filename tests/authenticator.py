"""A real authenticator in software (WebAuthn Level 3 §6): it makes keys, counts, and signs what it was asked."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

#: §6.1: user present, user verified, backup eligible, backup state, attested credential data included.
UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40
_BITWARDEN = "d548826e-79b4-db40-a3d8-11116f7e8349"


class Excluded(Exception):
    """§6.3.2 step 3: it has one of those passkeys already."""


@dataclass
class Credential:
    """A passkey that an authenticator keeps."""

    credential_id: bytes
    rp_id: str
    user_handle: bytes
    key: EllipticCurvePrivateKey = field(repr=False)
    count: int = 0


@dataclass
class Authenticator:
    """One with its user at hand. `changes` of a call are what a broken or hostile one does otherwise."""

    origin: str
    aaguid: str = _BITWARDEN
    #: A synced passkey does not count.
    counts: bool = True
    flags: int = UP | UV | BE | BS
    credentials: list[Credential] = field(default_factory=list)

    def create(self, options: str, **changes: Any) -> str:
        """navigator.credentials.create(): RegistrationResponseJSON."""
        asked = json.loads(options)
        known = {credential.credential_id for credential in self.credentials}
        if any(decoded(each["id"]) in known for each in asked["excludeCredentials"]):
            raise Excluded
        key = generate_private_key(SECP256R1())
        handle = decoded(asked["user"]["id"])
        made = Credential(changes.get("credential_id", secrets.token_bytes(32)), asked["rp"]["id"], handle, key)
        # Discoverable: one for each user of a relying party (§6.3.3 step 7).
        self.credentials = [each for each in self.credentials if (each.rp_id, each.user_handle) != (made.rp_id, handle)]
        self.credentials.append(made)
        numbers = key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = (
            bytes.fromhex(self.aaguid.replace("-", ""))
            + len(made.credential_id).to_bytes(2, "big")
            + made.credential_id
            + cbor2.dumps(cose)
        )
        data = self._data(made, AT, changes) + attested
        response = {
            "clientDataJSON": self._client_data("webauthn.create", asked["challenge"], changes),
            "attestationObject": encoded(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
            "transports": ["internal", "hybrid"],
        }
        return _credential(made, response)

    def get(self, options: str, **changes: Any) -> str:
        """navigator.credentials.get(): AuthenticationResponseJSON."""
        asked = json.loads(options)
        allowed = [decoded(each["id"]) for each in asked["allowCredentials"]]
        credential = next(
            each
            for each in self.credentials
            if each.rp_id == asked["rpId"] and (not allowed or each.credential_id in allowed)
        )
        if self.counts:
            credential.count = changes.get("count", credential.count + 1)
        data = self._data(credential, 0, changes)
        client_data = self._client_data("webauthn.get", asked["challenge"], changes)
        signed = data + hashlib.sha256(decoded(client_data)).digest()
        response = {
            "clientDataJSON": client_data,
            "authenticatorData": encoded(data),
            "signature": encoded(credential.key.sign(changes.get("signed", signed), ECDSA(SHA256()))),
            "userHandle": encoded(changes.get("user_handle", credential.user_handle)),
        }
        return _credential(credential, response)

    def _data(self, credential: Credential, more_flags: int, changes: dict[str, Any]) -> bytes:
        """§6.1: RP ID hash, flags, signCount."""
        rp_id = changes.get("rp_id", credential.rp_id)
        flags = changes.get("flags", self.flags) | more_flags
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + credential.count.to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: str, changes: dict[str, Any]) -> str:
        """§5.8.1."""
        members = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return encoded(json.dumps(members | changes.get("client_data", {})).encode())


def encoded(data: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Back again."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _credential(credential: Credential, response: dict[str, Any]) -> str:
    id_ = encoded(credential.credential_id)
    members = {"id": id_, "rawId": id_, "type": "public-key", "response": response, "clientExtensionResults": {}}
    return json.dumps(members)
