"""PasskeyService: what users do with their passkeys, for the facade."""

import logging

import grpc
from tokenhouse.v1 import passkey_pb2 as pb
from tokenhouse.v1 import passkey_pb2_grpc

from core.domain.account.own_passkeys import OwnPasskeys
from core.domain.factors.passkey import MOST_PASSKEYS, Passkey

_log = logging.getLogger(__name__)


class PasskeyServicer(passkey_pb2_grpc.PasskeyServiceServicer):
    """Proto → an act on passkeys → proto."""

    def __init__(self, passkeys: OwnPasskeys) -> None:
        self._passkeys = passkeys

    def ListPasskeys(self, request: pb.ListPasskeysRequest, context: grpc.ServicerContext) -> pb.ListPasskeysResponse:
        found = self._passkeys.list(session_token=request.session_token)
        available = self._passkeys.available
        return pb.ListPasskeysResponse(
            passkeys=[write_passkey(passkey) for passkey in found],
            available=available,
            may_add=available and len(found) < MOST_PASSKEYS,
        )

    def BeginPasskey(self, request: pb.BeginPasskeyRequest, context: grpc.ServicerContext) -> pb.BeginPasskeyResponse:
        options, sealed = self._passkeys.begin(
            request.password,
            session_token=request.session_token,
            browser_binding=request.browser_binding,
            network_address=request.network_address,
        )
        return pb.BeginPasskeyResponse(creation_options=options, sealed_challenge=sealed)

    def AddPasskey(self, request: pb.AddPasskeyRequest, context: grpc.ServicerContext) -> pb.AddPasskeyResponse:
        passkey, codes = self._passkeys.add(
            request.response,
            request.sealed_challenge,
            request.name,
            request.proposed_name,
            session_token=request.session_token,
            browser_binding=request.browser_binding,
        )
        _log.info("passkey added by its user", extra={"passkey": passkey.passkey_id, "aaguid": passkey.aaguid})
        return pb.AddPasskeyResponse(passkey=write_passkey(passkey), recovery_codes=codes)

    def RenamePasskey(
        self, request: pb.RenamePasskeyRequest, context: grpc.ServicerContext
    ) -> pb.RenamePasskeyResponse:
        self._passkeys.rename(request.passkey_id, request.name, session_token=request.session_token)
        return pb.RenamePasskeyResponse()

    def RemovePasskey(
        self, request: pb.RemovePasskeyRequest, context: grpc.ServicerContext
    ) -> pb.RemovePasskeyResponse:
        self._passkeys.remove(
            request.passkey_id,
            request.password,
            session_token=request.session_token,
            network_address=request.network_address,
        )
        _log.info("passkey removed by its user", extra={"passkey": request.passkey_id[:32]})
        return pb.RemovePasskeyResponse()


def write_passkey(passkey: Passkey) -> pb.Passkey:
    """As its user and operators see it."""
    return pb.Passkey(
        passkey_id=passkey.passkey_id,
        name=passkey.name,
        created_at=passkey.created_at,
        last_used_at=passkey.last_used_at,
        backup_eligible=passkey.backup_eligible,
        backed_up=passkey.backed_up,
    )
