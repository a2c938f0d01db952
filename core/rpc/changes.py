"""ChangesService: the sequence of changes, for internal services."""

from collections.abc import Callable

import grpc
from tokenhouse.v1 import changes_pb2

from core.domain.policy import Service
from core.rpc.change_streams import ChangeStreams, Send
from core.rpc.service_callers import ServiceCallers


class ChangesServicer:
    """Hands the stream over."""

    def __init__(self, streams: ChangeStreams, callers: ServiceCallers | None = None) -> None:
        """With `callers`, a stream ends when its caller is no longer listed for it."""
        self._streams = streams
        self._callers = callers

    def WatchChanges(self, request: changes_pb2.WatchChangesRequest, context: grpc.ServicerContext, send: Send) -> None:
        self._streams.open(request, context, send, self._permission(context))

    def _permission(self, context: grpc.ServicerContext) -> Callable[[], None]:
        callers = self._callers
        if callers is None:
            return lambda: None
        identity = callers.identify(context)
        return lambda: callers.require(identity).require_service(Service.CHANGES)
