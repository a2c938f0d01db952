"""Replies to requests that came before, byte for byte.

A document's reply follows from the request's bytes and the server's metadata alone, and a client asks with the same
bytes each time. So what was once read, checked and answered is looked up.
"""

from dataclasses import dataclass

from facade.discovery import ServerMetadata
from facade.metadata_reads import ReadOf
from facade.metrics.http_metrics import Labels

#: Requests remembered, and the longest of them, in bytes; when there are more, all are forgotten.
_MOST = 256
_LONGEST = 1024


@dataclass(frozen=True, slots=True)
class KnownReply:
    """A whole reply; it is good while the metadata are these."""

    reply: bytes
    metadata: ServerMetadata
    #: For the log: method and route.
    what: str
    labels: Labels
    #: For operators; None where it is no metadata document.
    read: ReadOf | None


class KnownReplies:
    """What was answered, by the bytes of the request."""

    def __init__(self) -> None:
        self._replies: dict[bytes, KnownReply] = {}

    def find(self, request: bytes) -> KnownReply | None:
        """The last reply to this very request."""
        return self._replies.get(request)

    def keep(self, request: bytes, reply: KnownReply) -> None:
        """Remember a reply to a whole request that asked to keep the connection."""
        if len(request) > _LONGEST:
            return
        if len(self._replies) >= _MOST:
            self._replies.clear()
        self._replies[request] = reply
