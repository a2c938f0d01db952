"""A real nginx: the one on the machine, else Debian's, taken out of its package into the user's cache."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.debian import find_program
from tests.deploy.listening import wait_until_open
from tests.patience import PATIENCE

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
    nginx = find_program("nginx", package="nginx", folder="usr/sbin")
    command = [nginx, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(log)]
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
