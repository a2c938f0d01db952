"""A caller that watches the changes: messages as they came, and waiting for one."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
from tokenhouse.v1 import changes_pb2 as pb
from tokenhouse.v1 import changes_pb2_grpc

from tests.patience import PATIENCE


class Watch:
    """One stream, read by a thread of its own."""

    def __init__(self, channel: grpc.Channel, since: int = 0, mark: bytes = b"") -> None:
        stub = changes_pb2_grpc.ChangesServiceStub(channel)
        self._call: Any = stub.WatchChanges(pb.WatchChangesRequest(since=since, mark=mark))
        self._arrived = threading.Condition()
        self.messages: list[pb.WatchChangesResponse] = []
        self.error: grpc.RpcError | None = None
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @property
    def changes(self) -> list[pb.Change]:
        """Every change that was told as it happened."""
        return [change for message in self.messages for change in message.changes.changes]

    @property
    def last(self) -> pb.WatchChangesResponse:
        """The newest message."""
        return self.messages[-1]

    def wait_for(self, holds: Callable[[], bool], what: str) -> None:
        """Until it holds; asked again after each message."""
        with self._arrived:
            if not self._arrived.wait_for(holds, PATIENCE):
                raise TimeoutError(f"waited {PATIENCE} s for {what}: {self.messages[-3:]} {self.error}")

    def wait_for_revision(self, revision: int) -> None:
        """Until everything up to it has been told."""
        self.wait_for(lambda: bool(self.messages) and self.last.revision >= revision, f"revision {revision}")

    def wait_for_end(self) -> grpc.RpcError:
        """The error that ended the stream."""
        self.wait_for(lambda: self.error is not None, "the end")
        assert self.error is not None
        return self.error

    def stop(self) -> None:
        """Watch no more."""
        self._call.cancel()
        self._reader.join(PATIENCE)

    def _read(self) -> None:
        try:
            for message in self._call:
                with self._arrived:
                    self.messages.append(message)
                    self._arrived.notify_all()
        except grpc.RpcError as error:
            with self._arrived:
                self.error = error
                self._arrived.notify_all()


@contextmanager
def watching(channel: grpc.Channel, since: int = 0, mark: bytes = b"") -> Iterator[Watch]:
    """A stream for the time of a test, told everything that stands when it begins."""
    watch = Watch(channel, since, mark)
    try:
        watch.wait_for(lambda: bool(watch.messages) or watch.error is not None, "the first message")
        yield watch
    finally:
        watch.stop()
