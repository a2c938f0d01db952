"""Saying which signing keys have arrived here, so that the core signs with a new one when everybody has it; and which
grants were used here since.

The answer has the core's clock, which tells how old the stream's messages are: so it is said again now and then.
"""

import json
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import grpc

from tokenhouse_verifier.channel import ACKNOWLEDGE_KEYS
from tokenhouse_verifier.contract.changes_pb2 import (
    AcknowledgeKeysRequest,
    AcknowledgeKeysResponse,
    WatchChangesResponse,
)
from tokenhouse_verifier.freshness import now
from tokenhouse_verifier.grpc_threads import GrpcThreads
from tokenhouse_verifier.uses import Uses

#: Takes a stream's number, when the core was asked (`freshness.now`), and what its clock said; None: it tells nobody.
Reckon: TypeAlias = Callable[[int, float, float | None], None]

#: In seconds.
_DEADLINE = 5.0
#: How often the core's clock is asked for, and how long an answer may take without being asked for again.
_CLOCK_PERIOD = 60.0
_SLOW = 0.5
#: The core is busy, or there is none at the moment; any other refusal stands as long as the stream does.
_AGAIN = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.CANCELLED,
)


class Acknowledging:
    """For one stream after the other; used by the thread that reads it, which never waits for an answer."""

    def __init__(self, channel: grpc.Channel, reckon: Reckon, uses: Uses, threads: GrpcThreads) -> None:
        self._acknowledge: grpc.UnaryUnaryMultiCallable[AcknowledgeKeysRequest, AcknowledgeKeysResponse] = (
            channel.unary_unary(
                ACKNOWLEDGE_KEYS,
                request_serializer=AcknowledgeKeysRequest.SerializeToString,
                response_deserializer=AcknowledgeKeysResponse.FromString,
            )
        )
        self._reckon = reckon
        self._uses = uses
        self._threads = threads
        self._told_uses: list[str] = []
        self._over = threading.Event()
        self._over.set()
        self._call: Any = None
        self.restart(0)

    def restart(self, stream: int) -> None:
        """Another stream begins; what is under way is about the one before."""
        self._cancel()
        self._stream = stream
        self._due_at = 0.0
        self._watch_id = b""
        self._known: list[str] = []
        self._asked: list[str] = []
        self._told: list[str] = []

    def note(self, message: WatchChangesResponse) -> None:
        """Say what this message brought, once it has been applied; what was said in vain is said again.

        Raises:
            ValueError: the channel is closed.
        """
        if message.watch_id:
            self._watch_id = message.watch_id
        if message.HasField("policy"):
            self._known = _key_ids(message.policy.jwks)
        if self._call is not None:
            if not self._over.is_set():
                return
            self._hear(self._call.code())
        if self._watch_id and (self._known != self._told or now() >= self._due_at):
            self._asked = self._known
            self._over = threading.Event()
            self._told_uses = self._uses.take()
            request = AcknowledgeKeysRequest(
                watch_id=self._watch_id,
                key_ids=self._known,
                audience=self._uses.audience,
                used_grant_ids=self._told_uses,
            )
            self._call = self._acknowledge.future(request, timeout=_DEADLINE)
            self._threads.watch(self._call)
            self._due_at = now() + _CLOCK_PERIOD
            self._call.add_done_callback(partial(self._answered, self._over, self._stream, now()))

    def stop(self, deadline: float) -> None:
        """Leave nothing under way, waiting to this moment of the monotonic clock at the most."""
        self._cancel()
        self._over.wait(max(deadline - time.monotonic(), 0))

    def _answered(self, over: threading.Event, stream: int, asked_at: float, call: Any) -> None:
        """Called by a thread of gRPC's."""
        over.set()
        code = call.code()
        if code is grpc.StatusCode.OK:
            told: AcknowledgeKeysResponse = call.result()
            self._reckon(stream, asked_at, told.now_ms / 1000 if told.now_ms else None)
            if now() - asked_at > _SLOW:
                # The clock may have been read anywhere in that time.
                self._due_at = 0.0
        elif code is grpc.StatusCode.UNIMPLEMENTED:
            self._reckon(stream, asked_at, None)

    def _cancel(self) -> None:
        if self._call is not None:
            self._call.cancel()
            self._give_back()
            self._call = None

    def _give_back(self) -> None:
        self._uses.give_back(self._told_uses)
        self._told_uses = []

    def _hear(self, code: grpc.StatusCode) -> None:
        self._call = None
        if code is grpc.StatusCode.OK:
            self._told, self._told_uses = self._asked, []
            return
        self._give_back()
        if code not in _AGAIN:
            # The core of an older version waits for nobody, and a stream that has ended is not ours any more.
            self._watch_id = b""


def _key_ids(jwks: str) -> list[str]:
    try:
        return [str(key["kid"]) for key in json.loads(jwks)["keys"]]
    except (ValueError, KeyError, TypeError):
        return []
