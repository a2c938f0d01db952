"""Whose request this thread works on: the number by which log lines of both processes are put side by side."""

import logging
from collections.abc import Iterable, Mapping
from contextvars import ContextVar, Token
from types import TracebackType

#: What a log record has where it stands for many lines: for each of them what it concerns.
EACH = "each"

_current: ContextVar[str] = ContextVar("correlation_id", default="")


def current_correlation_id() -> str:
    """The id of the request in progress; empty where there is none."""
    return _current.get()


class Correlated:
    """For a `with`: what is logged within it carries this id; an empty one changes nothing."""

    __slots__ = ("_before", "_correlation_id")

    def __init__(self, correlation_id: str) -> None:
        self._correlation_id = correlation_id

    def __enter__(self) -> None:
        self._before: Token[str] = _current.set(self._correlation_id or _current.get())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _current.reset(self._before)


def log_each(log: logging.Logger, message: str, each: Iterable[tuple[str, Mapping[str, str]]]) -> None:
    """The same line for each: a correlation id, the current one where it is empty, and what the line concerns.

    They are one record, and written at once: a record costs a tenth of a token.
    """
    current = current_correlation_id()
    lines = [
        {**concerned, "correlation_id": known} if (known := number or current) else concerned
        for number, concerned in each
    ]
    if lines:
        log.info(message, extra={EACH: lines})
