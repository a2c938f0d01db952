"""The open streams of changes: none holds a thread, and none that is slow holds up another.

A stream is told what it lacks whenever it is due: after a commit, every second, and as long as it is behind. A few
threads take turns at those that are due. Sending waits while the caller does not read: its thread is replaced, and who
reads nothing for so long that its connection's buffers are full, and then for another while, is cut off.

Where callers have names, none may have more streams than half of those that the others leave: so there is room for
another one, whatever a service that opens them without end may do.
"""

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import grpc
from tokenhouse.v1 import changes_pb2 as pb

from core.domain.errors import NotFound
from core.domain.keys.rotation import ConnectedVerifier
from core.domain.tokens.change import Change
from core.rpc.change_messages import ChangeSources, Telling
from core.rpc.errors import Failure, describe
from core.rpc.turns import Turns

#: More services than this nobody connects to one core.
MOST_STREAMS = 512
#: A message at least so often, in seconds.
HEARTBEAT = 1.0

#: How often it is looked whether a thread is kept, in seconds.
_LOOK = 0.1
_THREADS = 4
#: How long one message may wait for a caller to read, in seconds.
_PATIENCE = 5.0
_TOO_MANY = Failure(
    grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_STREAMS", f"{MOST_STREAMS} streams are open already", retry_after=5
)
_TOO_MANY_OF_CALLER = Failure(
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    "TOO_MANY_STREAMS_OF_CALLER",
    "this caller has half of the streams that others leave; one for each process is enough",
    retry_after=5,
)
_STOPPING = Failure(grpc.StatusCode.UNAVAILABLE, "STOPPING", "the core stops; call again", retry_after=1)

#: Sends a message; None ends the stream.
Send: TypeAlias = Callable[[pb.WatchChangesResponse | None], None]


@dataclass(frozen=True, slots=True)
class Watcher:
    """Whose stream it is."""

    verifier: ConnectedVerifier
    #: Raises the refusal that ends the stream.
    require_permission: Callable[[], None]


class _Stream:
    """One open stream. What it is marked with is read and written behind the door of `ChangeStreams`."""

    def __init__(self, telling: Telling, context: grpc.ServicerContext, send: Send, watcher: Watcher) -> None:
        self.telling = telling
        self.watcher = watcher
        #: Names it to whoever has been told, and to nobody else.
        self.watch_id = secrets.token_bytes(16)
        self.introduced = False
        #: The kids of the keys that it has acknowledged.
        self.key_ids: frozenset[str] = frozenset()
        self.context = context
        self.send = send
        #: Waits for a thread.
        self.due = False
        #: Since when a thread has it, on the monotonic clock.
        self.busy_since: float | None = None
        self.ended = False


class ChangeStreams:
    """Opens streams, and tells them all what they lack."""

    def __init__(self, sources: ChangeSources) -> None:
        self._sources = sources
        self._door = threading.Condition()
        self._streams: set[_Stream] = set()
        self._turns = Turns("changes", self._take_turn, _THREADS)
        self._stopping = threading.Event()
        self._begun = False

    def open(
        self,
        request: pb.WatchChangesRequest,
        context: grpc.ServicerContext,
        send: Send,
        watcher: Watcher,
    ) -> None:
        """Begin to tell a caller; returns at once.

        Raises:
            StoreUnavailable: the store cannot tell where to begin.
        """
        stream = _Stream(Telling(self._sources, request.since, request.mark), context, send, watcher)
        with self._door:
            refusal = self._refusal(watcher.verifier.name)
            if refusal is None:
                self._streams.add(stream)
                self._start_threads()
        if refusal is not None:
            self._end(stream, refusal)
        elif context.add_callback(lambda: self._forget(stream)):
            self._wake((stream,))
        else:
            self._forget(stream)

    def acknowledge(self, watch_id: bytes, key_ids: Sequence[str]) -> int:
        """Take note that a watcher has these keys, and no others; the time of `sent_at_ms`.

        Raises:
            NotFound: no stream that is open has this id.
        """
        with self._door:
            stream = next((each for each in self._streams if each.watch_id == watch_id), None)
            if stream is None:
                raise NotFound("watch_id: no stream that is open has it")
            stream.key_ids = frozenset(key_ids)
        return self._sources.clock.now_ms()

    def count(self) -> int:
        """`core.domain.keys.rotation.ConnectedVerifiers`."""
        return len(self._streams)

    def list_connected(self) -> Sequence[ConnectedVerifier]:
        """`core.domain.keys.rotation.ConnectedVerifiers`."""
        with self._door:
            return sorted(each.watcher.verifier for each in self._streams)

    def list_lacking(self, key_id: str) -> Sequence[ConnectedVerifier]:
        """`core.domain.keys.rotation.ConnectedVerifiers`."""
        with self._door:
            return sorted(each.watcher.verifier for each in self._streams if key_id not in each.key_ids)

    def announce(self, changes: Sequence[Change]) -> None:
        """Take over committed changes and wake every stream; called on the writer's thread, for which nobody waits."""
        self._sources.log.append(changes)
        self._wake_all()

    def stop(self, grace: float) -> None:
        """End every stream, waiting for `grace` seconds at the most; no new one begins."""
        self._stopping.set()
        self._wake_all()
        with self._door:
            self._door.wait_for(lambda: not self._streams, grace)
        self._turns.stop()

    def _refusal(self, caller: str) -> Failure | None:
        if self._stopping.is_set():
            return _STOPPING
        every = len(self._streams)
        if every >= MOST_STREAMS:
            return _TOO_MANY
        # Without a name nobody is told apart: that is one machine (plaintext), or who is about to be refused.
        own = sum(each.watcher.verifier.name == caller for each in self._streams) if caller else 0
        return _TOO_MANY_OF_CALLER if own and own >= (MOST_STREAMS - (every - own)) // 2 else None

    def _start_threads(self) -> None:
        """Where nobody watches there are none."""
        if not self._begun:
            self._begun = True
            self._turns.replace_kept()
            threading.Thread(target=self._beat, name="changes-beat", daemon=True).start()

    def _wake_all(self) -> None:
        with self._door:
            self._wake(self._streams)

    def _wake(self, streams: set[_Stream] | tuple[_Stream, ...]) -> None:
        with self._door:
            for stream in streams:
                if not stream.due:
                    stream.due = True
                    if stream.busy_since is None:
                        self._turns.put(stream)

    def _take_turn(self, stream: _Stream) -> None:
        with self._door:
            stream.due, stream.busy_since = False, time.monotonic()
        self._tell(stream)
        with self._door:
            stream.busy_since = None
            if not stream.ended and (stream.due or stream.telling.is_behind):
                stream.due = True
                self._turns.put(stream)

    def _tell(self, stream: _Stream) -> None:
        """One message, or the end."""
        if self._stopping.is_set():
            self._end(stream, _STOPPING)
            return
        try:
            stream.watcher.require_permission()
            message = stream.telling.compose()
            if not stream.introduced:
                stream.introduced, message.watch_id = True, stream.watch_id
        except Exception as error:
            self._end(stream, describe(error))
            return
        stream.send(message)

    def _end(self, stream: _Stream, failure: Failure) -> None:
        status = failure.to_status()
        stream.context.set_trailing_metadata(status.trailing_metadata or ())
        stream.context.set_code(status.code)
        stream.context.set_details(status.details)
        stream.send(None)
        self._forget(stream)

    def _beat(self) -> None:
        next_beat = time.monotonic() + HEARTBEAT
        while not self._stopping.wait(_LOOK):
            self._turns.replace_kept()
            if time.monotonic() < next_beat:
                continue
            next_beat = time.monotonic() + HEARTBEAT
            self._wake_all()
            too_long = time.monotonic() - _PATIENCE
            with self._door:
                stuck = [each for each in self._streams if each.busy_since is not None and each.busy_since < too_long]
            for stream in stuck:
                stream.context.cancel()

    def _forget(self, stream: _Stream) -> None:
        with self._door:
            stream.ended = True
            self._streams.discard(stream)
            self._door.notify_all()
