"""The size of the database after many refreshes of the same grants."""

from contextlib import ExitStack, closing
from pathlib import Path

from core.store.sqlite import driver
from core.store.sqlite.folder import DATABASE
from tests.bench.measurement import Finding
from tests.bench.requests import refresh_load
from tests.bench.road import Road
from tests.bench.servers import Core, facade

_GRANTS = 1000
_REFRESHES = 100_000
#: Few at first, so that hardly a token is under way when the first run is stopped.
_FIRST_CONNECTIONS = 4


def measure(folder: Path, _rounds: int) -> list[Finding]:
    """1,000 refreshes, look; 99,000 more, look again."""
    with ExitStack() as stack:
        core = stack.enter_context(Core(folder / "growth"))
        server, port = facade(core)
        stack.enter_context(server)
        road = Road(core)
        road.begin()
        tokens = [each.refresh_token for each in road.connect(_GRANTS)]
        load = refresh_load(f"http://127.0.0.1:{port}/oauth/v1/token", road.client_id, tokens)
        pids = [core.server.pid, server.pid]
        load.run(_GRANTS, pids, connections=_FIRST_CONNECTIONS)
        pages, log = _pages(core), _log_bytes(core)
        load.run(_REFRESHES - _GRANTS, pids)
        pages_after, log_after = _pages(core), _log_bytes(core)
    course = f"{pages_after} against {pages} after 1,000; its log {log_after / 1e6:.1f} MB against {log / 1e6:.1f} MB"
    name = f"6. Pages of the database after 100,000 refreshes of 1,000 grants ({course})"
    return [Finding(name, pages_after / pages, 1, at_most=True)]


def _pages(core: Core) -> int:
    """The pages, those included that are only in the log so far."""
    with closing(driver.connect(core.data / "database" / DATABASE, "ro")) as connection:
        return int(connection.execute("PRAGMA page_count").fetchone()[0])


def _log_bytes(core: Core) -> int:
    return (core.data / "database" / f"{DATABASE}-wal").stat().st_size
