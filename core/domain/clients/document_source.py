"""Where documents come from: what fetching one has to give, and how it may fail."""

from dataclasses import dataclass
from typing import Protocol

from core.domain.clients.document_url import DocumentUrl


@dataclass(frozen=True, slots=True)
class FetchedDocument:
    """What was found, not yet read."""

    body: bytes
    #: How long its server says that it may be kept, in seconds; None where it does not say.
    fresh_for: int | None


class DocumentUnavailable(Exception):
    """The document could not be had."""

    def __init__(self, reason: str, detail: str = "", *, host_failed: bool = False) -> None:
        """`reason` is for everybody, `detail` for the log.

        `host_failed`: whatever was wanted from it, so no other document of it can be had either.
        """
        super().__init__(reason)
        self.reason = reason
        self.detail = detail
        self.host_failed = host_failed


class SourceBusy(Exception):
    """Nobody was asked: this server has too many documents on their way."""


class DocumentSource(Protocol):
    """The network, behind its guard."""

    def fetch(self, url: DocumentUrl, *, loopback: bool) -> FetchedDocument:
        """The document, within a few seconds; from this machine only where `loopback` says so.

        Raises:
            DocumentUnavailable, SourceBusy
        """
        ...
