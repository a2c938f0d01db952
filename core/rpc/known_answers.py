"""Answers about good tokens as they go over the wire, made once and given again for as long as they are true."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from google.protobuf.message import Message
from tokenhouse.v1.validation_pb2 import ValidateTokenRequest

from core.domain.errors import RevisionNotReached
from core.domain.tokens.remembered import Remembered
from core.domain.tokens.validation import Inactive, Standing, Validation, ValidToken

#: About 1 KB each.
_ANSWERS = 4096
#: In bytes. A larger one, about a user of hundreds of groups, is made anew each time, in some 20 µs: thousands of
#: them would take hundreds of megabytes.
_LARGEST = 4096


#: What became of the requests that met no good token.
NotGood: TypeAlias = list[Inactive | Exception]


@dataclass(frozen=True, slots=True)
class _Known:
    standing: Standing
    #: In seconds since the epoch.
    expires_at: int
    answer: bytes = field(repr=False)


class KnownAnswers:
    """The answers of one method."""

    def __init__(self, validation: Validation, write: Callable[[ValidToken | None, int], Message]) -> None:
        """`write` makes an answer of what a token says and the revision up to which every change is counted."""
        self._validation = validation
        self._write = write
        self._known: Remembered[bytes, _Known] = Remembered(_ANSWERS)

    def find(self, request: ValidateTokenRequest, standing: Standing, now: int, not_good: NotGood) -> bytes:
        """The answer, serialised. `standing` and `now` were asked for before it, once for a whole batch.

        Why a token is not good goes into `not_good`, for whoever counts.

        Raises:
            InvalidArgument, RevisionNotReached, StoreUnavailable
        """
        revision = standing.revision
        if request.min_revision > revision:
            raise RevisionNotReached(f"revision {request.min_revision} is not reached: this is {revision}")
        token, audience = request.token, request.audience
        key = hashlib.sha256(token.encode()).digest() + audience.encode()
        known = self._known.find(key)
        if known is not None and known.expires_at > now and known.standing == standing:
            return known.answer
        found = self._validation.validate(token, audience)
        if not isinstance(found, ValidToken):
            not_good.append(found)
            return self._write(None, revision).SerializeToString()
        answer = self._write(found, revision).SerializeToString()
        if len(answer) <= _LARGEST:
            self._known.put(key, _Known(standing, found.token.expires_at, answer))
        return answer
