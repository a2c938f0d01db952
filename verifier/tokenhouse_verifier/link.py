"""A verifier's own connection to the core, on which it follows the changes and asks."""

import os
import sys
import time
from contextlib import suppress

import grpc

from tokenhouse_verifier.batch_stream import Answered, BatchStream, OpenStream
from tokenhouse_verifier.changes import Changes
from tokenhouse_verifier.channel import OPTIONS, Options
from tokenhouse_verifier.contract.validation_pb2 import StreamValidateTokensRequest, StreamValidateTokensResponse
from tokenhouse_verifier.forking import keep_for_parent, note_closing
from tokenhouse_verifier.gate import Gate
from tokenhouse_verifier.grpc_threads import GrpcThreads
from tokenhouse_verifier.memory import Memory

#: How long closing waits for the thread, in seconds.
_PATIENCE = 2.0


class Link:
    """Opened by its constructor; nobody waits for the core."""

    def __init__(
        self, target: str, credentials: grpc.ChannelCredentials | None, options: Options, memory: Memory
    ) -> None:
        self._process = os.getpid()
        every = [*OPTIONS, *options]
        self.channel = (
            grpc.insecure_channel(target, every)
            if credentials is None
            else grpc.secure_channel(target, credentials, every)
        )
        #: Whoever calls on the channel passes it.
        self.gate = Gate()
        self.threads = GrpcThreads()
        self.batches = BatchStream(self.channel, self.threads)
        self.changes = Changes(self.channel, memory, self.threads)
        self.changes.start()

    def put(self, batch: StreamValidateTokensRequest, answered: Answered) -> OpenStream | None:
        """`BatchStream.put` for who has passed the gate: they have left it when they are told, or where nothing is."""
        inside = [self.gate]

        def leave() -> None:
            # Once: whoever is interrupted here may have put the batch already.
            with suppress(IndexError):
                inside.pop().leave()

        def leave_and_tell(answer: StreamValidateTokensResponse | None) -> None:
            leave()
            answered(answer)

        try:
            stream = self.batches.put(batch, leave_and_tell)
        except BaseException:
            leave()
            raise
        if stream is None:
            leave()
        return stream

    def begin_to_hold(self) -> None:
        """Let nobody into gRPC, and leave it, for a fork; `hold` follows."""
        self.gate.close()
        self.changes.begin_to_stop()

    def hold(self, deadline: float) -> None:
        """Be outside gRPC, waiting to this moment of the monotonic clock at the most."""
        self.gate.wait_until_empty(deadline)
        self._end(deadline)

    def go_on(self) -> None:
        """Follow and ask again."""
        self.changes.start()
        self.gate.open()

    def close(self) -> None:
        """End the connection and the thread; in a child of the process that opened it they are left to that."""
        if self._process != os.getpid():
            keep_for_parent(self)
            return
        if sys.is_finalizing():
            # A verifier that began when the program was ending already. The threads that would be waited for are gone.
            return
        deadline = time.monotonic() + _PATIENCE
        self.changes.begin_to_stop()
        self._end(deadline)
        self.channel.close()
        note_closing()

    def _end(self, deadline: float) -> None:
        """Leave no call, and no thread of ours or gRPC's, after `changes.begin_to_stop`."""
        self.batches.end(deadline)
        self.changes.stop(deadline)
        self.threads.wait_for_end(deadline)
