"""Both ceremonies of WebAuthn (Level 3 §7.1, §7.2), through py_webauthn: options for the browser, and what came back.

The library is loaded with the first ceremony: nobody pays for it where there are no passkeys."""

from __future__ import annotations

import json
import logging
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.domain.errors import PasskeyFailed
from core.domain.factors.passkey import Passkey
from core.domain.factors.relying_party import RelyingParty
from core.domain.keys.browser_seal import LIFETIME

if TYPE_CHECKING:
    from webauthn.helpers.cose import COSEAlgorithmIdentifier
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

_log = logging.getLogger(__name__)

#: Of a credential ID, in bytes (§7.1 step 25).
_LONGEST_CREDENTIAL_ID = 1023
#: Of what a browser sends, in characters.
_LONGEST_RESPONSE = 16 * 1024
_NOT_GOOD = "the passkey is not good"


@dataclass(frozen=True, slots=True)
class CreatedCredential:
    """What a new credential's registration says; `Passkey` says what the fields mean."""

    credential_id: bytes
    public_key: bytes = field(repr=False)
    sign_count: int
    aaguid: str
    transports: tuple[str, ...]
    backup_eligible: bool
    backed_up: bool


@dataclass(frozen=True, slots=True)
class Assertion:
    """What an authenticator asserts. Nothing of it is proved before `verify`."""

    credential_id: bytes
    #: Empty where it does not say.
    user_handle: bytes
    _json: str = field(repr=False)

    def verify(
        self, passkey: Passkey, challenge: bytes, relying_party: RelyingParty, *, user_verification: bool
    ) -> tuple[int, bool]:
        """The count of signatures and whether the passkey is backed up, after all that §7.2 asks for but the count.

        Raises:
            PasskeyFailed: another challenge, origin, RP ID, key or user; nobody there or, where `user_verification` is
                asked for, nobody verified; signed otherwise.
        """
        from webauthn import verify_authentication_response

        try:
            _require_own_frame(self._json)
            verified = verify_authentication_response(
                credential=self._json,
                expected_challenge=challenge,
                expected_rp_id=relying_party.rp_id,
                expected_origin=relying_party.origin,
                credential_public_key=passkey.public_key,
                # Before the signature is verified a count says nothing; the transaction that notes it compares.
                credential_current_sign_count=0,
                require_user_verification=user_verification,
            )
        except Exception as error:
            raise _refusal_of(error) from None
        eligible = verified.credential_device_type.value == "multi_device"
        # §7.2 step 18: whether it may be copied was settled when it was made.
        if eligible is not passkey.backup_eligible:
            raise PasskeyFailed(_NOT_GOOD)
        return verified.new_sign_count, verified.credential_backed_up


def creation_options(
    relying_party: RelyingParty, username: str, user_handle: bytes, challenge: bytes, existing: Sequence[Passkey]
) -> str:
    """PublicKeyCredentialCreationOptionsJSON (§5.1.9): discoverable, with user verification, without attestation."""
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers import structs

    return options_to_json(
        generate_registration_options(
            rp_id=relying_party.rp_id,
            rp_name=relying_party.rp_id,
            user_name=username,
            user_id=user_handle,
            challenge=challenge,
            timeout=LIFETIME * 1000,
            attestation=structs.AttestationConveyancePreference.NONE,
            authenticator_selection=structs.AuthenticatorSelectionCriteria(
                resident_key=structs.ResidentKeyRequirement.REQUIRED,
                user_verification=structs.UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[_descriptor(passkey) for passkey in existing],
            supported_pub_key_algs=_algorithms(),
        )
    )


def request_options(
    relying_party: RelyingParty, challenge: bytes, allowed: Sequence[Passkey] = (), *, user_verification: bool
) -> str:
    """PublicKeyCredentialRequestOptionsJSON (§5.1.10); without `allowed` the authenticator says who it is."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers import structs

    wanted = structs.UserVerificationRequirement
    return options_to_json(
        generate_authentication_options(
            rp_id=relying_party.rp_id,
            challenge=challenge,
            timeout=LIFETIME * 1000,
            allow_credentials=[_descriptor(passkey) for passkey in allowed],
            user_verification=wanted.REQUIRED if user_verification else wanted.PREFERRED,
        )
    )


def verify_creation(response: str, challenge: bytes, relying_party: RelyingParty) -> CreatedCredential:
    """What a browser says that has made a credential, after all that §7.1 asks for.

    Raises:
        PasskeyFailed: another challenge, origin, RP ID or algorithm, nobody there or nobody verified.
    """
    from webauthn import verify_registration_response
    from webauthn.helpers import parse_registration_credential_json

    try:
        _require_own_frame(response)
        credential = parse_registration_credential_json(response)
        verified = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=relying_party.rp_id,
            expected_origin=relying_party.origin,
            require_user_verification=True,
            supported_pub_key_algs=_algorithms(),
        )
    except Exception as error:
        raise _refusal_of(error) from None
    if len(verified.credential_id) > _LONGEST_CREDENTIAL_ID:
        raise PasskeyFailed(_NOT_GOOD)
    return CreatedCredential(
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        aaguid=verified.aaguid,
        transports=tuple(transport.value for transport in credential.response.transports or ()),
        backup_eligible=verified.credential_device_type.value == "multi_device",
        backed_up=verified.credential_backed_up,
    )


def parse_assertion(response: str) -> Assertion:
    """Which credential a browser's answer is of.

    Raises:
        PasskeyFailed: it is no answer.
    """
    from webauthn.helpers import parse_authentication_credential_json

    try:
        _require_size(response)
        credential = parse_authentication_credential_json(response)
    except Exception as error:
        raise _refusal_of(error) from None
    return Assertion(credential.raw_id, credential.response.user_handle or b"", response)


def _algorithms() -> list[COSEAlgorithmIdentifier]:
    """ES256, EdDSA and RS256: what §5.4 recommends, and one of them is in every authenticator."""
    from webauthn.helpers.cose import COSEAlgorithmIdentifier

    return [
        COSEAlgorithmIdentifier.ECDSA_SHA_256,
        COSEAlgorithmIdentifier.EDDSA,
        COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
    ]


def _descriptor(passkey: Passkey) -> PublicKeyCredentialDescriptor:
    from webauthn.helpers import structs

    transports = [structs.AuthenticatorTransport(transport) for transport in passkey.transports]
    return structs.PublicKeyCredentialDescriptor(id=passkey.credential_id, transports=transports)


def _require_size(response: str) -> None:
    if len(response) > _LONGEST_RESPONSE:
        raise ValueError("too long")


def _require_own_frame(response: str) -> None:
    """§7.1 step 10, §7.2 step 13: none of our pages is ever in another one's frame. The library does not look."""
    _require_size(response)
    client_data = json.loads(urlsafe_b64decode(json.loads(response)["response"]["clientDataJSON"] + "==="))
    if client_data.get("crossOrigin") or client_data.get("topOrigin"):
        raise ValueError("in the frame of another page")


def _refusal_of(error: Exception) -> PasskeyFailed:
    # Whatever somebody sends: the library's parsers meet it with exceptions of many kinds.
    _log.info("passkey refused", extra={"why": type(error).__name__, "what": str(error)[:200]})
    return PasskeyFailed(_NOT_GOOD)
