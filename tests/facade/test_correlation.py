"""One number for one HTTP request: in the lines of both processes, and on the error page."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep

import pytest

from tests.facade.pair import Pair
from tests.facade.road import Visit, register
from tests.patience import PATIENCE


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A pair whose logs are this file's alone."""
    with Pair(tmp_path_factory.mktemp("pair")) as running:
        yield running


def _numbers(pair: Pair, words: str, *, core: bool, at_least: int = 1) -> list[str]:
    """The numbers in the lines with these words, once there are so many."""
    until = monotonic() + PATIENCE
    while True:
        lines = (pair.core_log if core else pair.facade_log).read_text().splitlines()
        found = [match[1] for line in lines if words in line and (match := re.search(r"correlation_id=(\S+)", line))]
        if len(found) >= at_least:
            return found
        assert monotonic() < until, f"no line with {words!r}"
        sleep(0.02)


def test_both_processes_use_the_same_number(pair: Pair) -> None:
    """A registration's and a token request's line in the core names the request's line in the facade."""
    visit = Visit(pair, register(pair))
    assert visit.redeem(visit.code()).status_code == 200

    for in_core, in_facade in (
        ("client registered", "POST /oauth/v1/register 201"),
        ("token issued", "POST /oauth/v1/token 200"),
    ):
        numbers = _numbers(pair, in_core, core=True)
        assert re.fullmatch("[0-9a-f]{12}", numbers[-1])
        assert numbers == _numbers(pair, in_facade, core=False)


def test_requests_at_the_same_time_keep_their_own(pair: Pair) -> None:
    """Requests that travel to the core in one batch are told apart there."""
    with ThreadPoolExecutor(12) as clients:
        list(clients.map(lambda number: register(pair, name=f"number {number}"), range(60)))
    registered = _numbers(pair, "client registered", core=True, at_least=60)
    answered = _numbers(pair, "POST /oauth/v1/register 201", core=False, at_least=len(registered))

    assert sorted(registered) == sorted(answered)
    assert len(set(registered)) == len(registered)


def test_an_error_page_shows_it(pair: Pair) -> None:
    """A user reads the number out, and the operator finds the request and why it was refused, in both logs."""
    page = pair.client.get("/oauth/v1/authorize?client_id=nobody").text
    (number,) = re.findall(r'<p class="detail">([0-9a-f]{12})</p>', page)

    assert number in _numbers(pair, "GET /oauth/v1/authorize 400", core=False)
    (line,) = [line for line in pair.facade_log.read_text().splitlines() if number in line]
    assert line.endswith(" reason=INVALID_CLIENT")
    (line,) = [line for line in pair.core_log.read_text().splitlines() if number in line]
    assert line.endswith(f" refused reason=INVALID_CLIENT why=client_unknown correlation_id={number}")


def test_a_client_cannot_choose_it(pair: Pair) -> None:
    """What a client calls its request is never used (CWE-117)."""
    names = ("X-Request-ID", "X-Correlation-ID", "tokenhouse-correlation-id", "traceparent")
    pair.client.get("/oauth/v1/authorize?client_id=chosen", headers=dict.fromkeys(names, "canary"))
    _numbers(pair, "GET /oauth/v1/authorize 400", core=False)

    assert "canary" not in pair.facade_log.read_text() + pair.core_log.read_text()


def test_other_lines_of_a_request_carry_it(pair: Pair) -> None:
    """What is logged on a request's way says whose it was: here, that the core is gone."""
    visit = Visit(pair, register(pair))
    pair.kill_core()
    assert visit.start().status_code == 503
    pair.start_core()
    refused = _numbers(pair, "GET /oauth/v1/authorize 503", core=False)

    assert _numbers(pair, "core unavailable", core=False)[-1] == refused[-1]
