"""ChangesService: the sequence of changes, for internal services, and which keys they have."""

import logging
from collections.abc import Sequence
from urllib.parse import unquote

import grpc
from tokenhouse.v1 import changes_pb2

from core.domain.administration.uses import GrantUses
from core.domain.errors import Refusal
from core.domain.keys.rotation import ConnectedVerifier
from core.domain.policy import Service
from core.rpc.change_streams import ChangeStreams, Send, Watcher
from core.rpc.service_callers import ServiceCallers, admitted

_log = logging.getLogger(__name__)


class ChangesServicer:
    """Hands the stream over."""

    def __init__(self, streams: ChangeStreams, uses: GrantUses, callers: ServiceCallers | None = None) -> None:
        """With `callers`, a stream ends when its caller is no longer listed for it."""
        self._streams = streams
        self._uses = uses
        self._callers = callers

    def WatchChanges(self, request: changes_pb2.WatchChangesRequest, context: grpc.ServicerContext, send: Send) -> None:
        self._streams.open(request, context, send, self._watcher(context))

    def AcknowledgeKeys(
        self, request: changes_pb2.AcknowledgeKeysRequest, context: grpc.ServicerContext
    ) -> changes_pb2.AcknowledgeKeysResponse:
        now_ms = self._streams.acknowledge(request.watch_id, request.key_ids)
        if request.used_grant_ids:
            self._note_uses(request.audience, request.used_grant_ids)
        return changes_pb2.AcknowledgeKeysResponse(now_ms=now_ms)

    def _note_uses(self, audience: str, grant_ids: Sequence[str]) -> None:
        """For whoever may speak for that audience; it is no reason to refuse what was acknowledged."""
        try:
            if self._callers is not None:
                admitted().require_audience(audience)
            self._uses.note(audience, grant_ids)
        except Refusal as refusal:
            _log.info("uses of grants are not noted: %s", refusal.description)

    def _watcher(self, context: grpc.ServicerContext) -> Watcher:
        callers, address = self._callers, _address_of(context.peer())
        if callers is None:
            return Watcher(ConnectedVerifier("", address), lambda: None)
        identity = callers.identify(context)
        return Watcher(
            ConnectedVerifier(callers.name_of(identity), address),
            lambda: callers.require(identity).require_service(Service.CHANGES),
        )


def _address_of(peer: str) -> str:
    """What gRPC says of the other end, without its scheme and with the brackets of IPv6 as they are written."""
    return unquote(peer.partition(":")[2])
