"""When a proxy that was started can be asked."""

import socket
import subprocess
import time
from pathlib import Path

from tests.patience import PATIENCE


def wait_until_open(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Returns when somebody can connect.

    Raises:
        RuntimeError: the process ended instead; says what it logged.
    """
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"the proxy does not listen: {log.read_text()[-2000:]}")
