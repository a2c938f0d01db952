"""Log lines on standard error: time, level, where, what happened, then what it concerns as name=value."""

import logging
import sys
import time

_KNOWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class LineFormatter(logging.Formatter):
    """One line a record. Values are quoted, so that nothing a caller sent can begin a line of its own."""

    def converter(self, timestamp: float | None) -> time.struct_time:
        """UTC, wherever the server stands."""
        return time.gmtime(timestamp)

    def format(self, record: logging.LogRecord) -> str:
        moment = self.formatTime(record, "%Y-%m-%dT%H:%M:%S")
        extras = [f"{name}={_quote(value)}" for name, value in record.__dict__.items() if name not in _KNOWN]
        line = f"{moment}.{int(record.msecs):03d}Z {record.levelname} {record.name} {_flat(record.getMessage())}"
        if extras:
            line = f"{line} {' '.join(extras)}"
        if record.exc_info:
            line = f"{line}\n{self.formatException(record.exc_info)}"
        return line


def write_log_lines(level: int = logging.INFO) -> None:
    """Send every record of this process to standard error."""
    output = logging.StreamHandler(sys.stderr)
    output.setFormatter(LineFormatter())
    logging.basicConfig(level=level, handlers=[output], force=True)


def _flat(text: str) -> str:
    return text.replace("\n", "\\n").replace("\r", "\\r")


def _quote(value: object) -> str:
    text = str(value)
    plain = text.isascii() and text.isprintable() and not any(character in text for character in ' "=\\')
    return text if plain and text else ascii(text)
