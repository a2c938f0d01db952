"""A caller that asks on a stream of batches."""

from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any

import grpc
import pytest
from tokenhouse.v1 import validation_pb2 as pb
from tokenhouse.v1 import validation_pb2_grpc

from core.rpc.batch_streams import BatchStreams
from core.rpc.callers import Caller
from tests.patience import PATIENCE
from tests.rpc.road import Refused, read_refusal
from tests.serving import ISSUER, Serving


class Batches:
    """One stream."""

    def __init__(self, channel: grpc.Channel, metadata: tuple[tuple[str, str], ...] = ()) -> None:
        self._batches: SimpleQueue[pb.StreamValidateTokensRequest | None] = SimpleQueue()
        stub = validation_pb2_grpc.ValidationServiceStub(channel)
        self._call: Any = stub.StreamValidateTokens(iter(self._batches.get, None), timeout=PATIENCE, metadata=metadata)

    def put(self, *tokens: str, audience: str = ISSUER, number: int = 1) -> None:
        """A batch."""
        requests = [pb.ValidateTokenRequest(token=token, audience=audience) for token in tokens]
        self._batches.put(pb.StreamValidateTokensRequest(requests=requests, number=number))

    def hear(self) -> pb.StreamValidateTokensResponse:
        """The next answer."""
        answer: pb.StreamValidateTokensResponse = next(self._call)
        return answer

    def ask(self, *tokens: str, audience: str = ISSUER, number: int = 1) -> pb.StreamValidateTokensResponse:
        """A batch and its answer."""
        self.put(*tokens, audience=audience, number=number)
        return self.hear()

    def refusal(self) -> Refused:
        """How the core ends it."""
        with pytest.raises(grpc.RpcError) as caught:
            self.hear()
        return read_refusal(caught.value)

    def refusal_in_the_end(self) -> Refused:
        """The same, whatever is answered before."""
        with pytest.raises(grpc.RpcError) as caught:
            list(self._call)
        return read_refusal(caught.value)

    def end(self) -> None:
        """Say that no batch follows."""
        self._batches.put(None)

    def close(self) -> None:
        """End it at once."""
        self._call.cancel()
        self.end()


@contextmanager
def conversing(channel: grpc.Channel, metadata: tuple[tuple[str, str], ...] = ()) -> Iterator[Batches]:
    """A stream for the time of a test."""
    batches = Batches(channel, metadata)
    try:
        yield batches
    finally:
        batches.close()


def streams_of(serving: Serving) -> BatchStreams:
    """The core's own side of them."""
    (streams,) = (
        listener._methods._batch_streams
        for listener in serving.core._listeners
        if listener._methods._caller is Caller.SERVICE
    )
    return streams
