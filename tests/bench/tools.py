"""What makes the load, found or fetched: h2load, wrk."""

import os
import shutil
import subprocess

_PACKAGES = {"h2load": "nghttp2-client", "wrk": "wrk", "taskset": "util-linux"}


def require_load_generators() -> None:
    """Have h2load and wrk, from Debian where they are missing.

    Raises:
        SystemExit: they are missing and this process may not install them.
    """
    missing = sorted(package for command, package in _PACKAGES.items() if shutil.which(command) is None)
    if not missing:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise SystemExit(f"install these first: {' '.join(missing)}")
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    subprocess.run(["apt-get", "install", "-qq", "--yes", "--no-install-recommends", *missing], check=True)
