"""Log lines on standard error: time, level, where, what."""

import logging
import sys
import time

from facade.correlation import correlation_id

#: Whoever reads a log does so on a terminal, which obeys control characters (CWE-150). Tracebacks keep their lines.
_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if code != 0x0A}


class LineFormatter(logging.Formatter):
    """Times in UTC, wherever the server stands; control characters escaped; the number of the request in progress."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        if asked_for := correlation_id.get():
            first, line_break, traceback = text.partition("\n")
            text = f"{first} correlation_id={asked_for}{line_break}{traceback}"
        return text.translate(_ESCAPES)


def write_log_lines() -> None:
    """Sends every record of this process to standard error."""
    output = logging.StreamHandler(sys.stderr)
    layout = "%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s %(message)s"
    output.setFormatter(LineFormatter(layout, "%Y-%m-%dT%H:%M:%S"))
    logging.basicConfig(level=logging.INFO, handlers=[output])
    # Sanic's own lines name URLs with their query strings.
    logging.getLogger("sanic").setLevel(logging.WARNING)
