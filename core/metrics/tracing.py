"""Traces (W3C Trace Context), where the operator has named a collector; else nothing of this is loaded.

The core begins no trace, it goes on with its callers': a call's metadata names the span it belongs to, in a batch each
item does. Spans hold methods, statuses and verdicts, and nothing that a caller chose.
"""

from contextlib import AbstractContextManager
from typing import Protocol

#: The metadata entry, as for HTTP.
TRACEPARENT = "traceparent"


class CallSpan(Protocol):
    """A call in progress."""

    def refused(self, code: str) -> None:
        """Note the status, as gRPC names it, of a call that is not answered."""


class Tracing(Protocol):
    """Where spans go."""

    def call(self, method: str, traceparent: str) -> AbstractContextManager[CallSpan]:
        """A span for a call of this method, `package.Service/Method`, within the caller's."""

    def item(self, method: str, traceparent: str, begun: int, verdict: str) -> None:
        """A span for an item of a batch that has ended just now and began then, in nanoseconds since the epoch."""

    def stop(self) -> None:
        """Send what is left, or give up soon."""
