"""The core's process: read the config, build, serve; nothing else."""

import gc

# Nothing of what is loaded below is garbage, and to search it again and again is a tenth of a start.
gc.disable()

import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from typing import NoReturn

import click

from core.allocator import settle_allocator, settle_collector
from core.config.config import Config
from core.config.errors import ConfigError
from core.config.load import load_config
from core.config.reload import merge_reloadable, reload_differences
from core.domain.errors import FailedPrecondition, StoreUnavailable
from core.loading import load_documents
from core.log_lines import write_log_lines
from core.rpc.free_addresses import CannotListen
from core.store.master_key_file import MasterKeyRefused
from core.store.refusal import StoreRefused
from core.store.sqlite.creation import create_store_apart
from core.wiring import Core

_log = logging.getLogger("core")

#: sysexits.h EX_CONFIG: starting again will not help until somebody changes something.
EXIT_REFUSED = 78

_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})


@click.command()
@click.option("--config", "path", type=click.Path(path_type=Path), envvar="TOKENHOUSE_CONFIG", default=None)
def main(path: Path | None) -> None:
    """Run the core in the foreground until it is told to stop."""
    settle_allocator()
    write_log_lines()
    # Blocked before the first thread begins, so that every thread inherits it and a signal waits for `sigwait`: a
    # handler would run on the main thread, which nothing wakes when the kernel gives the signal to another one.
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        config = load_config(path)
        core = Core(config, create_store=create_store_apart)
    except (ConfigError, StoreRefused, MasterKeyRefused, FailedPrecondition) as refusal:
        _refuse(refusal)
    try:
        core.start()
    except CannotListen as refusal:
        core.stop()
        _refuse(refusal)
    _serve(core, config, path)


def _refuse(refusal: Exception) -> NoReturn:
    click.echo(f"tokenhouse core: {refusal}", err=True)
    sys.exit(EXIT_REFUSED)


def _serve(core: Core, config: Config, path: Path | None) -> None:
    _watch_lifeline()
    _report_status(core)
    settle_collector()
    while signal.sigwait(_SIGNALS) == signal.SIGHUP:
        config = _reload(core, config, path)
    core.stop()


def _reload(core: Core, config: Config, path: Path | None) -> Config:
    """Take over what can change while serving; a config with an error in it changes nothing."""
    core.reload_certificates()
    core.audit_stream.reopen()
    try:
        changed = load_config(path)
    except ConfigError as error:
        _log.error("config not reloaded: %s", error)
        _record_refused(core)
        return config
    reloaded, needs_restart = reload_differences(config, changed)
    in_force = merge_reloadable(config, changed)
    try:
        documents = load_documents(in_force)
        core.change_policy(in_force.policy(), reloaded)
    except (ConfigError, StoreUnavailable) as refusal:
        _log.error("config not reloaded: %s", refusal)
        if isinstance(refusal, ConfigError):
            _record_refused(core)
        return config
    core.give_documents(documents)
    _log.info("config reloaded", extra={"changed": ", ".join(reloaded) or "nothing"})
    if needs_restart:
        _log.warning("these settings change at the next start: %s", ", ".join(needs_restart))
    return in_force


def _record_refused(core: Core) -> None:
    try:
        core.auditing.refuse_reload()
    except StoreUnavailable as refusal:
        _log.error("a refused reload could not be recorded: %s", refusal.description)


def _report_status(core: Core) -> None:
    """Tell whoever started this process that it serves, and a new database's first user; to nobody else."""
    descriptor = os.environ.get("TOKENHOUSE_STATUS_FD")
    if descriptor is None:
        return
    with os.fdopen(int(descriptor), "w", encoding="utf-8") as status:
        first = core.create_first_user()
        if first is not None:
            username, password = first
            print(json.dumps({"event": "first_user", "username": username, "password": password}), file=status)
        print(json.dumps({"event": "ready"}), file=status)


def _watch_lifeline() -> None:
    """Stop when whoever started this process is gone, however it went."""
    descriptor = os.environ.get("TOKENHOUSE_LIFELINE_FD")
    if descriptor is None:
        return

    def wait() -> None:
        while os.read(int(descriptor), 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()


if __name__ == "__main__":
    main()
