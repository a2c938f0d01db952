"""Programs that tests need: the one on the machine, else Debian's, taken out of its package into the user's cache."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.cache import make_once


def find_program(name: str, package: str, folder: str) -> str:
    """The program, which Debian's package keeps in that folder.

    Raises:
        RuntimeError: there is none, and no package of it; says what to install.
    """
    found = shutil.which(name, path=os.pathsep.join([os.environ["PATH"], f"/{folder}"]))
    if found is not None:
        return found

    def unpack(cached: Path) -> None:
        _unpack(package, name, cached)

    return str(make_once(f"{package}-debian", unpack) / folder / name)


def _unpack(package: str, name: str, folder: Path) -> None:
    apt = shutil.which("apt-get")
    if apt is None:
        raise RuntimeError(f"the tests need {name}: install it")
    if not _download(apt, package, folder):
        subprocess.run([apt, "update", "--quiet=2"], check=False)
        if not _download(apt, package, folder):
            raise RuntimeError(f"the tests need {name}: install it, or let apt-get download {package}")
    for archive in folder.glob("*.deb"):
        subprocess.run(["dpkg", "--extract", archive, folder], check=True)


def _download(apt: str, package: str, folder: Path) -> bool:
    # As root it warns that its own user cannot write here, and goes on.
    command = [apt, "download", "--quiet=2", package]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0
