"""A real nginx: the one on the machine, else Debian's, taken out of its package into the user's cache."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cache import make_once
from tests.deploy.listening import wait_until_open
from tests.patience import PATIENCE

_PACKAGE = "nginx"
#: What a program that belongs to one user alone has to be told; the rest of the file is what is tried.
_FRAME = """\
{user}
daemon off;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


def find_nginx() -> str:
    """The program.

    Raises:
        RuntimeError: there is none, and no package of it; says what to install.
    """
    found = shutil.which("nginx", path=os.pathsep.join([os.environ["PATH"], "/usr/sbin"]))
    return found or str(make_once(f"{_PACKAGE}-debian", _unpack) / "usr" / "sbin" / "nginx")


@contextmanager
def listening_nginx(folder: Path, site: str, port: int) -> Iterator[None]:
    """An nginx of one worker with these lines in its `http` block; it listens at `port`.

    Raises:
        RuntimeError: it does not listen; says what it logged.
    """
    (folder / "site.conf").write_text(site)
    frame = _FRAME.format(folder=folder, user="user root;" if os.geteuid() == 0 else "")
    (folder / "nginx.conf").write_text(frame)
    log = folder / "nginx.log"
    command = [find_nginx(), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(log)]
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            wait_until_open(port, process, log)
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE)


def with_other_values(text: str, values: dict[str, str]) -> str:
    """The text with each value in place of what it is named by, which has to be there."""
    for old, new in values.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def _unpack(folder: Path) -> None:
    apt = shutil.which("apt-get")
    if apt is None:
        raise RuntimeError("the tests of deploy/nginx need nginx: install it")
    if not _download(apt, folder):
        subprocess.run([apt, "update", "--quiet=2"], check=False)
        if not _download(apt, folder):
            raise RuntimeError("the tests of deploy/nginx need nginx: install it, or let apt-get download it")
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg", "--extract", package, folder], check=True)


def _download(apt: str, folder: Path) -> bool:
    # As root it warns that its own user cannot write here, and goes on.
    command = [apt, "download", "--quiet=2", _PACKAGE]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0
