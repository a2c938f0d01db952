"""KeyAdminService, for operators."""

import logging
from collections.abc import Sequence

import grpc
from tokenhouse.v1 import key_admin_pb2 as pb
from tokenhouse.v1 import key_admin_pb2_grpc

from core.domain.administration.keys import KeyAdministration, ListedKey
from core.domain.keys.es256 import ALGORITHM
from core.domain.keys.rotation import ConnectedVerifier

_log = logging.getLogger(__name__)


class KeyAdminServicer(key_admin_pb2_grpc.KeyAdminServiceServicer):
    """Proto → act on keys → proto."""

    def __init__(self, keys: KeyAdministration) -> None:
        self._keys = keys

    def ListKeys(self, request: pb.ListKeysRequest, context: grpc.ServicerContext) -> pb.ListKeysResponse:
        keys = [_write(key) for key in self._keys.list()]
        return pb.ListKeysResponse(
            keys=keys,
            next_rotation_at=self._keys.next_rotation_at(),
            verifiers=_write_verifiers(self._keys.list_verifiers()),
        )

    def RotateSigningKey(
        self, request: pb.RotateSigningKeyRequest, context: grpc.ServicerContext
    ) -> pb.RotateSigningKeyResponse:
        return pb.RotateSigningKeyResponse(key=_write(self._keys.rotate_signing_key(at_once=request.now)))

    def WithdrawSigningKey(
        self, request: pb.WithdrawSigningKeyRequest, context: grpc.ServicerContext
    ) -> pb.WithdrawSigningKeyResponse:
        successor = self._keys.withdraw_signing_key(request.key_id)
        _log.warning("signing key withdrawn", extra={"key_id": request.key_id})
        return pb.WithdrawSigningKeyResponse(successor=None if successor is None else _write(successor))

    def RotateMasterKey(
        self, request: pb.RotateMasterKeyRequest, context: grpc.ServicerContext
    ) -> pb.RotateMasterKeyResponse:
        number = self._keys.rotate_master_key()
        _log.info("master key rotated", extra={"master_key_id": number})
        return pb.RotateMasterKeyResponse(master_key_id=number)


def _write(listed: ListedKey) -> pb.SigningKey:
    key = listed.key
    return pb.SigningKey(
        key_id=key.key_id,
        algorithm=ALGORITHM,
        state=key.state.value,
        created_at=key.created_at,
        verifies_until=key.verifies_until,
        signs_since=key.signs_since,
        signs_by=listed.signs_by,
        withdrawn_at=key.withdrawn_at,
        laggards=_write_verifiers(listed.laggards),
        state_since=listed.state_since,
    )


def _write_verifiers(verifiers: Sequence[ConnectedVerifier]) -> list[pb.ConnectedVerifier]:
    return [pb.ConnectedVerifier(name=each.name, address=each.address) for each in verifiers]
