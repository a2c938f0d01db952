"""ChangesService: the sequence of changes, for internal services."""

import grpc
from tokenhouse.v1 import changes_pb2

from core.rpc.change_streams import ChangeStreams, Send


class ChangesServicer:
    """Hands the stream over."""

    def __init__(self, streams: ChangeStreams) -> None:
        self._streams = streams

    def WatchChanges(self, request: changes_pb2.WatchChangesRequest, context: grpc.ServicerContext, send: Send) -> None:
        self._streams.open(request, context, send)
