"""The line that each request leaves in the log.

Written a turn of the loop at a time: at some thousand requests a second the logging machinery would cost more than the
requests do. The lines look like those of `log_lines`, which is where all others come from.
"""

import asyncio
import sys
import time
from contextlib import suppress


class RequestLog:
    """Lines on standard error. Belongs to one event loop."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._second = -1
        self._prefix = ""

    def write(self, text: str) -> None:
        """Notes a line; `text` holds nothing that a client chose beyond the name of a method."""
        if not self._lines:
            asyncio.get_running_loop().call_soon(self._flush)
        moment = time.time()
        second = int(moment)
        if second != self._second:
            self._second, self._prefix = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        self._lines.append(f"{self._prefix}.{int((moment - second) * 1000):03d}Z INFO facade {text}\n")

    def _flush(self) -> None:
        lines, self._lines = self._lines, []
        # Nobody reads the log any more: that is no reason to serve nobody.
        with suppress(OSError):
            sys.stderr.write("".join(lines))
            sys.stderr.flush()
