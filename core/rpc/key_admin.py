"""KeyAdminService, for operators."""

import logging

import grpc
from tokenhouse.v1 import key_admin_pb2 as pb
from tokenhouse.v1 import key_admin_pb2_grpc

from core.domain.administration.keys import KeyAdministration
from core.domain.keys.key_ring import ALGORITHM
from core.domain.keys.signing_key import SigningKey

_log = logging.getLogger(__name__)


class KeyAdminServicer(key_admin_pb2_grpc.KeyAdminServiceServicer):
    """Proto → act on keys → proto."""

    def __init__(self, keys: KeyAdministration) -> None:
        self._keys = keys

    def ListKeys(self, request: pb.ListKeysRequest, context: grpc.ServicerContext) -> pb.ListKeysResponse:
        return pb.ListKeysResponse(keys=[_write(key) for key in self._keys.list()])

    def RotateSigningKey(
        self, request: pb.RotateSigningKeyRequest, context: grpc.ServicerContext
    ) -> pb.RotateSigningKeyResponse:
        key = self._keys.rotate_signing_key()
        _log.info("signing key rotated", extra={"key_id": key.key_id})
        return pb.RotateSigningKeyResponse(key=_write(key))

    def RotateMasterKey(
        self, request: pb.RotateMasterKeyRequest, context: grpc.ServicerContext
    ) -> pb.RotateMasterKeyResponse:
        number = self._keys.rotate_master_key()
        _log.info("master key rotated", extra={"master_key_id": number})
        return pb.RotateMasterKeyResponse(master_key_id=number)


def _write(key: SigningKey) -> pb.SigningKey:
    return pb.SigningKey(
        key_id=key.key_id,
        algorithm=ALGORITHM,
        state="signing" if key.retires_at is None else "published",
        created_at=key.created_at,
        retires_at=key.retires_at,
    )
