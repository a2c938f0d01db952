"""A crowd at a facade whose core is down, frozen or slow: told in time to come back, while keys are served on."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

import grpc
import httpx
import pytest
from tokenhouse.v1 import validation_pb2

from facade.core_client import DEADLINE
from tests.bench.tools import require_load_generators
from tests.facade.pair import Pair
from tests.facade.road import Visit, register
from tests.faults.absence_story import DOCUMENTS, validate, visit_again
from tests.faults.absences import ABSENCES
from tests.running import wait_until
from tests.scrape import scrape
from tests.torture.conftest import Figures
from tests.torture.http_load import Crowd, HttpLoad

_LINES = ("LoginFailures = 0", "LoginFailuresPerNetwork = 0", "Registrations = 0")
_MACHINES = 48
#: A load that is no trouble, and one that fills the facade within its deadline. Requests a second.
_QUIET = Crowd(_MACHINES, 40)
_FLOOD = Crowd(_MACHINES, 400), Crowd(1200, 800)
_AWAY = 12
#: What an answer may come after the deadline: the machine has other things to do. In seconds.
_LATE = 1.5


@dataclass
class Seen:
    """What somebody who looks all the time has seen."""

    documents: int = 0
    changed: int = 0
    most_in_progress: float = 0
    limit: float = 0
    validations: list[grpc.StatusCode | validation_pb2.ValidateTokenResponse] = field(default_factory=list)


@pytest.mark.parametrize("name", ABSENCES)
def test_a_crowd(tmp_path: Path, figures: Figures, name: str) -> None:
    """Each is answered within the deadline, work in flight stays bounded, and the service returns with its core."""
    require_load_generators()
    absence = ABSENCES[name](tmp_path)
    pair = Pair(
        tmp_path,
        limit_lines=_LINES,
        metrics=True,
        core_module=absence.module,
        core_environment=absence.environment,
    )
    with pair:
        client_id = register(pair)
        visit = Visit(pair, client_id)
        held = [visit.redeem(visit.code()).json()]
        held += [visit.redeem(visit_again(visit)).json() for _ in range(_MACHINES)]
        load = HttpLoad(tmp_path, pair.port, client_id, [each["refresh_token"] for each in held[1:]])
        before = load.run(3, _QUIET)["refresh"]

        absence.begin(pair)
        with _watching(pair, held[0]["access_token"]) as seen:
            during = load.run(_AWAY, *_FLOOD)
        absence.end(pair)
        back = time.monotonic()
        wait_until(lambda: _refreshes(pair, held[0]["refresh_token"], client_id), "a refresh to succeed")
        returned = time.monotonic() - back
        after = load.run(3, _QUIET)["refresh"]

    figures(f"before: {before}")
    for kind, each in during.items():
        figures(f"{kind}: {each}")
    figures(
        f"at most {seen.most_in_progress:.0f} of {seen.limit:.0f} in progress; documents read {seen.documents} times; "
        f"{len(seen.validations)} validations not answered; the first refresh {returned:.1f} s after; then {after}"
    )
    for kind, each in during.items():
        assert (each.malformed, each.other) == (0, 0), each.odd
        assert each.shed > 0, kind
        assert each.shed_p99 < DEADLINE + _LATE, kind
    assert 0 < seen.most_in_progress <= seen.limit
    assert (seen.documents > _AWAY, seen.changed) == (True, 0)
    assert set(seen.validations) <= {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
    assert (after.shed, after.malformed, after.other) == (0, 0, 0), after.odd


@contextmanager
def _watching(pair: Pair, access_token: str) -> Iterator[Seen]:
    seen, over = Seen(), Event()
    kept = {path: pair.client.get(path).content for path in DOCUMENTS.values()}

    def read_documents() -> None:
        for path, content in kept.items():
            answer = pair.client.get(path)
            seen.documents += 1
            seen.changed += answer.status_code != 200 or answer.content != content

    def look_at_metrics() -> None:
        told = scrape(pair.facade_metrics)
        seen.most_in_progress = max(seen.most_in_progress, told.value("http_server_active_requests"))
        seen.limit = told.value("tokenhouse_http_active_requests_limit")

    watchers = [
        Thread(target=_until, args=(over, look))
        for look in (read_documents, look_at_metrics, lambda: seen.validations.append(validate(pair, access_token)))
    ]
    for watcher in watchers:
        watcher.start()
    try:
        yield seen
    finally:
        over.set()
        for watcher in watchers:
            watcher.join()


def _until(over: Event, look: Callable[[], None]) -> None:
    while not over.wait(0.1):
        look()


def _refreshes(pair: Pair, refresh_token: str, client_id: str) -> bool:
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": client_id}
    answer = httpx.post(f"{pair.base}/oauth/v1/token", data=form, timeout=2 * DEADLINE, trust_env=False)
    return answer.status_code == 200
