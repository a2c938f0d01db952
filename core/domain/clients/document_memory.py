"""What is remembered of documents: good ones for as long as they are fresh; of bad ones when to ask again, and why.

In memory alone, and bounded: whoever is only asked for has left nothing on disk.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from core.domain.clients.metadata_document import MetadataDocument

#: In seconds: what a document's server may ask for, and what is taken where it asks for nothing.
SHORTEST_FRESH = 5 * 60
LONGEST_FRESH = 24 * 60 * 60
#: How long nobody asks after the first failure, in seconds; twice as long after each further one.
FIRST_PAUSE = 5
LONGEST_PAUSE = 60
#: A failure is forgotten when nothing happened for so long after its pause, in seconds.
_REMEMBERED = 10 * 60
#: Of each kind.
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Failure:
    """A host or a document that is left alone for a while."""

    reason: str
    #: Since the epoch, in seconds.
    until: int
    pause: int


class DocumentMemory:
    """The documents and the failures of one process; used from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._documents: OrderedDict[str, tuple[MetadataDocument, int]] = OrderedDict()
        self._failures: OrderedDict[str, Failure] = OrderedDict()

    def find(self, client_id: str, now: int) -> MetadataDocument | None:
        """The document, while it is fresh."""
        with self._lock:
            document, until = self._documents.get(client_id, (None, 0))
            if document is None or until <= now:
                return None
            self._documents.move_to_end(client_id)
            return document

    def keep(self, document: MetadataDocument, fresh_for: int | None, now: int) -> int:
        """Remember a good document, and forget what failed before; for how many seconds it is kept."""
        kept_for = min(max(fresh_for or 0, SHORTEST_FRESH), LONGEST_FRESH)
        with self._lock:
            self._documents[document.url.text] = (document, now + kept_for)
            self._documents.move_to_end(document.url.text)
            while len(self._documents) > _MOST:
                self._documents.popitem(last=False)
            self._failures.pop(document.url.text, None)
            self._failures.pop(document.url.authority, None)
        return kept_for

    def find_failure(self, key: str, now: int) -> Failure | None:
        """Why this host or document is not asked for right now."""
        with self._lock:
            failure = self._failures.get(key)
            return failure if failure is not None and now < failure.until else None

    def note_failure(self, key: str, reason: str, now: int) -> None:
        """Leave this host or document alone for a while, longer each time."""
        with self._lock:
            before = self._failures.pop(key, None)
            if before is None or now >= before.until + _REMEMBERED:
                pause = FIRST_PAUSE
            else:
                pause = min(before.pause * 2, LONGEST_PAUSE)
            self._failures[key] = Failure(reason, now + pause, pause)
            while len(self._failures) > _MOST:
                self._failures.popitem(last=False)
