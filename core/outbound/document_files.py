"""Clients' documents out of files, for networks without a way out (draft, "Pre-Registering")."""

from collections.abc import Sequence
from pathlib import Path

from core.domain.clients.metadata_document import MAXIMUM_DOCUMENT, MetadataDocument, parse_own_document
from core.domain.errors import ClientDocumentRefused


class DocumentFileRefused(Exception):
    """A file holds no document that can be used; says why."""

    def __init__(self, number: int, reason: str) -> None:
        """`number` counts the files from 0."""
        super().__init__(reason)
        self.number = number


def read_document_files(files: Sequence[Path]) -> list[MetadataDocument]:
    """Every document.

    Raises:
        DocumentFileRefused: one cannot be read or used, or two are of one client.
    """
    found: dict[str, MetadataDocument] = {}
    for number, file in enumerate(files):
        try:
            with file.open("rb") as reading:
                document = parse_own_document(reading.read(MAXIMUM_DOCUMENT + 1))
        except OSError as error:
            raise DocumentFileRefused(number, f"{file} cannot be read: {error.strerror}") from None
        except ClientDocumentRefused as refusal:
            raise DocumentFileRefused(number, f"{file} cannot be used: {refusal.reason}") from None
        if found.setdefault(document.url.text, document) is not document:
            raise DocumentFileRefused(number, f"{file} is about {document.url.text}, as a file above is already")
    return list(found.values())
