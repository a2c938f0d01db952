"""The two processes: how each is called, and one of them while it runs."""

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from core.audit_stream import OUTPUT_VARIABLE
from core.cli.listening import ACTIVATION_VARIABLES
from core.cli.service_manager import NOTIFY_VARIABLE
from core.config.config import CertificateFiles, Config, PageSettings, TracingSettings
from core.config.settings import SETTINGS

#: Environment variables that tell a process the numbers of the pipes it inherited.
STATUS_VARIABLE = "TOKENHOUSE_STATUS_FD"
LIFELINE_VARIABLE = "TOKENHOUSE_LIFELINE_FD"
_MOST_FILES = 65536


def core_command(config: Config) -> list[str]:
    """How the core is called."""
    return [*_python("core"), *(["--config", str(config.file)] if config.file else [])]


def facade_command(config: Config) -> list[str]:
    """How the facade is called; it reads no configuration."""
    proxies = [argument for proxy in config.server.trusted_proxies for argument in ("--trusted-proxy", str(proxy))]
    metrics, certificate = config.metrics.facade_listen, config.server.certificate
    return [
        *_python("facade"),
        *("--address", config.server.address),
        *("--listen", str(config.server.listen)),
        *("--core-socket", str(config.grpc.socket)),
        *_branding(config.pages),
        *(_certificate_options(certificate) if certificate else ()),
        *([] if metrics is None else ["--metrics-listen", str(metrics)]),
        *_tracing_options(config.tracing),
        *proxies,
    ]


def _certificate_options(files: CertificateFiles) -> list[str]:
    return ["--certificate-file", str(files.certificate), "--certificate-key-file", str(files.key)]


def _branding(pages: PageSettings) -> Iterator[str]:
    if pages.name is not None:
        yield from ("--name", pages.name)
    if pages.logo is not None:
        yield from ("--logo", str(pages.logo))
    for (scheme, name), color in pages.colors.items():
        yield from ("--color", f"{scheme}:{name}={color}")


def _tracing_options(tracing: TracingSettings) -> list[str]:
    if tracing.endpoint is None:
        return []
    return ["--tracing-endpoint", tracing.endpoint, "--tracing-sample-ratio", str(tracing.sample_ratio)]


def environment_of(name: str) -> dict[str, str]:
    """The environment of `core` or `facade`: secrets are the core's alone, and what systemd says was said to us."""
    secrets = {setting.variable for setting in SETTINGS if setting.secret} if name == "facade" else set()
    kept_back = secrets | ACTIVATION_VARIABLES | {NOTIFY_VARIABLE}
    return {variable: text for variable, text in os.environ.items() if variable not in kept_back}


def raise_file_limit() -> None:
    """Let this process, and those that it starts, have as many files open as they may.

    What a shell gives is often 1024: fewer than the requests that the facade answers at the same time.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextmanager
def hold_signals(*numbers: signal.Signals) -> Iterator[None]:
    """A process that begins inside inherits the mask: what it is sent before it can hear waits until it serves."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _python(module: str) -> list[str]:
    # -P: a folder called core or facade where the operator happens to stand is not ours.
    return [sys.executable, "-P", "-m", module]


class ServingProcess:
    """A process in a session of its own: the terminal's Ctrl-C reaches only the one that started it."""

    def __init__(self, name: str, command: Sequence[str], inherited: Mapping[str, int]) -> None:
        """Start it; it gets the `inherited` descriptors, each by the variable that tells it the number."""
        self.name = name
        #: It has said that it serves.
        self.ready = False
        #: It has been asked to stop.
        self.told_to_stop = False
        #: It closed its end of the pipe: nothing more will be read.
        self.finished_talking = False
        #: Where it says what happened to it, a line of JSON each.
        self.status_fd, status_end = os.pipe()
        # We alone hold this pipe's writing end: however we end, the process reads the end of it and stops. A pipe for
        # each: whoever makes a shared one non-blocking makes it so for the other, too.
        lifeline_end, self._lifeline = os.pipe()
        self._line = b""
        # Our own stdout is for the operator: what a process prints is a log, but for the audit stream.
        output = os.dup(1)
        given = {STATUS_VARIABLE: status_end, LIFELINE_VARIABLE: lifeline_end, OUTPUT_VARIABLE: output, **inherited}
        try:
            # The core is sent every SIGHUP, from its first moment on.
            with hold_signals(signal.SIGHUP):
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=sys.stderr.fileno(),
                    pass_fds=tuple(given.values()),
                    env=environment_of(name) | {variable: str(descriptor) for variable, descriptor in given.items()},
                    start_new_session=True,
                )
        finally:
            os.close(status_end)
            os.close(lifeline_end)
            os.close(output)

    def read_events(self) -> Iterator[dict[str, Any]]:
        """What it said since the last time."""
        data = os.read(self.status_fd, 65536)
        self.finished_talking = not data
        *lines, self._line = (self._line + data).split(b"\n")
        yield from (json.loads(line) for line in lines if line)

    def poll(self) -> int | None:
        """The exit status, or minus the number of the signal that killed it; None while it runs."""
        return self._process.poll()

    def send(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens when it is gone."""
        self.told_to_stop = self.told_to_stop or number == signal.SIGTERM
        self._process.send_signal(number)
