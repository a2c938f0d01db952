"""Saying which signing keys have arrived here, so that the core signs with a new one when everybody has it."""

import json
import threading
import time
from typing import Any

import grpc

from tokenhouse_verifier.channel import ACKNOWLEDGE_KEYS
from tokenhouse_verifier.contract.changes_pb2 import (
    AcknowledgeKeysRequest,
    AcknowledgeKeysResponse,
    WatchChangesResponse,
)

#: In seconds.
_DEADLINE = 5.0
#: The core is busy, or there is none at the moment; any other refusal stands as long as the stream does.
_AGAIN = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.CANCELLED,
)


class Acknowledging:
    """For one stream after the other; used by the thread that reads it, which never waits for an answer."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._acknowledge: grpc.UnaryUnaryMultiCallable[AcknowledgeKeysRequest, AcknowledgeKeysResponse] = (
            channel.unary_unary(
                ACKNOWLEDGE_KEYS,
                request_serializer=AcknowledgeKeysRequest.SerializeToString,
                response_deserializer=AcknowledgeKeysResponse.FromString,
            )
        )
        self._over = threading.Event()
        self._over.set()
        self._call: Any = None
        self.restart()

    def restart(self) -> None:
        """Another stream begins; what is under way is about the one before."""
        self._cancel()
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
        if self._watch_id and self._known != self._told:
            self._asked = self._known
            self._over = threading.Event()
            request = AcknowledgeKeysRequest(watch_id=self._watch_id, key_ids=self._known)
            self._call = self._acknowledge.future(request, timeout=_DEADLINE)
            self._call.add_done_callback(lambda _, over=self._over: over.set())

    def stop(self, deadline: float) -> None:
        """Leave nothing under way, waiting to this moment of the monotonic clock at the most."""
        self._cancel()
        self._over.wait(max(deadline - time.monotonic(), 0))

    def _cancel(self) -> None:
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _hear(self, code: grpc.StatusCode) -> None:
        self._call = None
        if code is grpc.StatusCode.OK:
            self._told = self._asked
        elif code not in _AGAIN:
            # The core of an older version waits for nobody, and a stream that has ended is not ours any more.
            self._watch_id = b""


def _key_ids(jwks: str) -> list[str]:
    try:
        return [str(key["kid"]) for key in json.loads(jwks)["keys"]]
    except (ValueError, KeyError, TypeError):
        return []
