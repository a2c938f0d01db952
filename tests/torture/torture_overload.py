"""Ten times as much as core and facade can do: how much is still done, who is turned away, how soon all is well again.

Core and facade have one CPU together, the load has the other one. What else runs on the machine shows in the figures.
"""

import resource
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest
from tokenhouse.v1 import validation_pb2

from tests.bench.road import RESOURCE, Road
from tests.bench.servers import Core, facade
from tests.bench.tools import require_load_generators
from tests.torture.conftest import Figures
from tests.torture.grpc_flood import Flood
from tests.torture.http_load import NOBODY, Crowd, HttpLoad

_TIMES = 10
_GOODPUT = 0.8
#: The same where each call's deadline passes before its turn comes, and is followed by another call at once.
_IN_TIME = 0.05
#: The peak afterwards, of what it was before: less is left behind by the flood, not by the machine's other work.
_AFTERWARDS = 0.7
#: Connections of those who wait for each answer: where the peak is looked for.
_CROWDS = (64, 128, 256)
#: Connections of those who do not.
_OPEN = _TIMES * 128
#: A load that is no trouble, in requests a second.
_QUIET = Crowd(16, 100)
#: Who waits longer than a second before the next request, as a refusal asks for.
_OBEDIENT = Crowd(60, 20)
_RECOVERY = 5.0
_NOFILE = 8192


@dataclass(frozen=True)
class House:
    """Core and facade, each a process, and what loads them."""

    http: HttpLoad
    #: Others, with tokens of their own.
    others: HttpLoad
    grpc: Flood


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """They serve, and have been warmed up."""
    require_load_generators()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (_NOFILE, hard))
    core = Core(tmp_path / "core")
    server, port = facade(core)
    try:
        with ExitStack() as stack:
            stack.enter_context(core)
            stack.enter_context(server)
            road = Road(core)
            road.begin()
            tokens = road.connect(_OPEN + _OBEDIENT.connections)
            question = validation_pb2.ValidateTokenRequest(token=tokens[0].access_token, audience=RESOURCE)
            answer = core.validation.ValidateToken(question, timeout=10)
            assert answer.active
            refresh_tokens = [each.refresh_token for each in tokens]
            http = HttpLoad(tmp_path, port, road.client_id, refresh_tokens[:_OPEN])
            others = HttpLoad(core.folder, port, road.client_id, refresh_tokens[_OPEN:])
            http.run(2, Crowd(_CROWDS[0]), Crowd(_CROWDS[0]))
            yield House(http, others, Flood(tmp_path, core.grpc_port, question, answer.ByteSize()))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_refreshes_over_http(house: House, figures: Figures) -> None:
    """Goodput stays, whoever is turned away learns it at once and in the right form, and soon all is as before."""
    quiet = house.http.run(3, _QUIET)["refresh"]
    peaks = [house.http.run(3, Crowd(connections))["refresh"] for connections in _CROWDS]
    best = max(peaks, key=lambda each: each.rate)
    figures(f"before: {quiet}")
    figures(f"peak: {best}")

    flood = house.http.start(12, Crowd(_OPEN, _TIMES * best.rate))
    obedient = house.others.run(10, _OBEDIENT)["refresh"]
    over = flood.finish()["refresh"]
    time.sleep(_RECOVERY)
    after = house.http.run(3, _QUIET)["refresh"]
    again = house.http.run(3, Crowd(_CROWDS[peaks.index(best)]))["refresh"]

    # Before and after, for a machine with other work is not the same a minute later.
    peak = median([best.rate, again.rate])
    figures(f"ten times: {over}; {over.rate / peak:.2f} of the peak")
    figures(f"those who wait as they are told: {obedient}")
    figures(f"five seconds later: {after}; peak: {again}")
    # The load has as many connections and no more: that it was too much is seen in who was turned away.
    assert over.shed > over.served / 2
    assert (over.malformed, over.other) == (0, 0), over.odd
    assert over.rate >= _GOODPUT * peak
    assert obedient.shed > 0
    assert (obedient.malformed, obedient.other) == (0, 0), obedient.odd
    # Whoever asks again at once is not heard for a moment.
    assert obedient.shed_p50 < over.served_p50 / 4
    assert over.shed_p50 < over.served_p50
    assert again.rate >= _AFTERWARDS * best.rate
    assert (after.shed, after.other) == (0, 0)
    assert after.served_p99 < 3 * quiet.served_p99 + 0.05


def test_who_goes_first(house: House, figures: Figures) -> None:
    """Validation before issuance before registration, all at once: no validation is refused."""
    refreshing = house.http.run(3, Crowd(_CROWDS[-1]))["refresh"]
    registering = house.http.run(3, NOBODY, Crowd(_CROWDS[-1]))["registration"]
    alone = house.grpc.run(3, 1, 64)
    figures(f"alone: validations {alone}; refreshes {refreshing}; registrations {registering}")

    rates = [_TIMES * each.rate / 2 for each in (refreshing, registering)]
    flood = house.http.start(10, Crowd(_OPEN, rates[0]), Crowd(_OPEN, rates[1]))
    validations = house.grpc.run(9, 1, 64)
    over = flood.finish()

    refresh, registration = over["refresh"], over["registration"]
    figures(f"together: validations {validations}")
    figures(f"refreshes {refresh}")
    figures(f"registrations {registration}")
    shares = [
        validations.served / validations.ended,
        refresh.served / (refresh.sent + refresh.late),
        registration.served / (registration.sent + registration.late),
    ]
    figures("of what was asked: " + ", ".join(f"{share:.3f}" for share in shares))
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == 1
    for kind in (refresh, registration):
        assert (kind.malformed, kind.other) == (0, 0), kind.odd


def test_validations_over_grpc(house: House, figures: Figures) -> None:
    """Ten times the connections, each with its next call at once: they wait their turn and are answered in time."""
    peaks = {connections: house.grpc.run(3, connections, 64) for connections in (1, 2, 4)}
    connections, best = max(peaks.items(), key=lambda each: each[1].rate)
    over = house.grpc.run(10, _TIMES * connections, 64)
    time.sleep(_RECOVERY)
    again = house.grpc.run(3, connections, 64)

    peak = median([best.rate, again.rate])
    figures(f"peak: {best} with {64 * connections} in flight; afterwards {again}")
    figures(f"ten times, with a deadline of a second: {over}; {over.rate / peak:.2f} of the peak")
    assert over.rate >= _GOODPUT * peak
    assert again.rate >= _AFTERWARDS * best.rate


def test_validations_with_short_deadlines(house: House, figures: Figures) -> None:
    """Deadlines pass before most calls' turn comes: what is too late does not make all the others late, too."""
    connections = _CROWDS[-1] // 64
    best = house.grpc.run(3, connections, 64)
    over = house.grpc.run(10, _TIMES * connections, 64, "300m")
    time.sleep(_RECOVERY)
    again = house.grpc.run(3, connections, 64)

    peak = median([best.rate, again.rate])
    figures(f"peak: {best}; afterwards {again}")
    figures(f"ten times, with a deadline of 0.3 s: {over}; {over.rate / peak:.2f} of the peak")
    assert over.rate >= _IN_TIME * peak
    assert again.rate >= _AFTERWARDS * best.rate
