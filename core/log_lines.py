"""Log lines on standard error: time, level, where, what happened, then what it concerns as name=value."""

import logging
import re
import sys
import time
from collections.abc import Mapping

from core.domain.correlation import EACH, current_correlation_id

#: Printable ASCII without what would have to be quoted.
_PLAIN = re.compile(r"[!#-<>-\[\]-~]+")
_KNOWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
#: Values that may be URIs of somebody else's, whose queries may hold what is no log's business.
_URIS = frozenset({"client_id", "redirect_uri", "jwks_uri"})


class LineFormatter(logging.Formatter):
    """One line a record. Values are quoted, so that nothing a caller sent can begin a line of its own."""

    def __init__(self) -> None:
        super().__init__()
        #: The last second a record fell into, and how it is written: at some thousand a second, most fall into it.
        self._second = (-1, "")

    def format(self, record: logging.LogRecord) -> str:
        moment = f"{self._write_second(int(record.created))}.{int(record.msecs):03d}Z"
        line = f"{moment} {record.levelname} {record.name} {_flat(record.getMessage())}"
        if (each := record.__dict__.get(EACH)) is not None:
            return "\n".join([line + _concerned(extras) for extras in each])
        line += _concerned({name: value for name, value in record.__dict__.items() if name not in _KNOWN})
        if correlation_id := current_correlation_id():
            line += f" correlation_id={correlation_id}"
        if record.exc_info:
            line = f"{line}\n{self.formatException(record.exc_info)}"
        return line

    def _write_second(self, second: int) -> str:
        """UTC, wherever the server stands."""
        known, text = self._second
        if known != second:
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = (second, text)
        return text


def write_log_lines(level: int = logging.INFO) -> None:
    """Send every record of this process to standard error."""
    output = logging.StreamHandler(sys.stderr)
    output.setFormatter(LineFormatter())
    logging.basicConfig(level=level, handlers=[output], force=True)
    # The lines name neither a place in the source nor a thread, and finding them out costs more than writing the line.
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def _flat(text: str) -> str:
    return text.replace("\n", "\\n").replace("\r", "\\r")


def _concerned(extras: Mapping[str, object]) -> str:
    return "".join(
        [f" {name}={_quote(_without_query(value) if name in _URIS else value)}" for name, value in extras.items()]
    )


def _without_query(value: object) -> str:
    before, query, _ = str(value).partition("?")
    return f"{before}?..." if query else before


def _quote(value: object) -> str:
    text = str(value)
    return text if _PLAIN.fullmatch(text) else ascii(text)
