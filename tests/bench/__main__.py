"""`python -m tests.bench [FIGURE ...]`: measure, and print each figure as soon as it is known."""

import os
import platform
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from tests.bench.disk import fsync_milliseconds
from tests.bench.figures import coalescing, envoy, growth, http, issuance, memory, starting, validation, verifier
from tests.bench.machine import stay_with_the_load
from tests.bench.measurement import Finding
from tests.bench.tools import require_load_generators
from tests.node import find_node

FIGURES: dict[str, Callable[[Path, int], list[Finding]]] = {
    "starting": starting.measure,
    "validation": validation.measure,
    "verifier": verifier.measure,
    "issuance": issuance.measure,
    "coalescing": coalescing.measure,
    "http": http.measure,
    "envoy": envoy.measure,
    "memory": memory.measure,
    "growth": growth.measure,
}


@click.command()
@click.argument("names", metavar="[FIGURE]...", nargs=-1, type=click.Choice(list(FIGURES)))
@click.option("--rounds", default=5, show_default=True, help="How often two things take turns.")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False, exists=True), help="Whose disk is used.")
def main(names: tuple[str, ...], rounds: int, folder: Path | None) -> None:
    """Measure the figures, by default all. Takes a quiet machine with two CPUs, and about twenty minutes."""
    # Told to end, it ends its servers first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    require_load_generators()
    find_node()
    stay_with_the_load()
    with TemporaryDirectory(dir=folder) as kept:
        load, milliseconds = os.getloadavg()[0], fsync_milliseconds(Path(kept))
        click.echo(f"{_processor()}, Python {platform.python_version()}, load {load:.1f}, fsync {milliseconds:.2f} ms")
        for name in names or FIGURES:
            for finding in FIGURES[name](Path(kept), rounds):
                click.echo(finding.write())


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    main()
