"""Floods of HTTP/2 frames, thousands of connections of them, and what a neighbour and the core's memory notice."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import grpc
import pytest
from tokenhouse.v1 import validation_pb2, validation_pb2_grpc

from tests.attacks.desk import Desk, make_pair
from tests.attacks.http2 import FLOODS, flood
from tests.facade.pair import Pair
from tests.patience import PATIENCE
from tests.torture.conftest import Figures

_AT_ONCE, _CONNECTIONS, _FRAMES = 20, 200, 20_000
#: How often a neighbour asks, in seconds.
_PAUSE = 0.01
#: What a core may grow by in one of them, in bytes: the buffers of connections that are open.
_GROWTH = 128 * 1024 * 1024


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """One core for all of them."""
    with make_pair(tmp_path_factory.mktemp("flooded")) as running:
        yield running


def _resident(pair: Pair) -> int:
    """The core's memory, in bytes."""
    lines = Path(f"/proc/{pair.core.pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1]) * 1024


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood(pair: Pair, figures: Figures, name: str) -> None:
    """Every question of a neighbour is answered, and what the flood took is bounded."""
    token = Desk(pair).tokens()["access_token"]
    question = validation_pb2.ValidateTokenRequest(token=token, audience=pair.issuer)
    before, began, waits, largest = _resident(pair), time.monotonic(), [], 0
    with (
        grpc.insecure_channel(f"127.0.0.1:{pair.grpc_port}", [("grpc.enable_http_proxy", 0)]) as channel,
        ThreadPoolExecutor(_AT_ONCE) as attackers,
    ):
        service: validation_pb2_grpc.ValidationServiceStub = validation_pb2_grpc.ValidationServiceStub(channel)
        floods = [attackers.submit(flood, pair.grpc_port, name, _FRAMES) for _ in range(_CONNECTIONS)]
        while wait(floods, _PAUSE).not_done:
            asked = time.monotonic()
            assert service.ValidateToken(question, timeout=PATIENCE).active
            waits.append(time.monotonic() - asked)
            largest = max(largest, _resident(pair))
    sent = sum(each.result() for each in floods)
    waits.sort()
    figures(
        f"{sent} frames over {_CONNECTIONS} connections in {time.monotonic() - began:.0f} s: {len(waits)} validations,"
    )
    figures(
        f"p99 {waits[len(waits) * 99 // 100] * 1000:.0f} ms, memory from {before >> 20} to at most {largest >> 20} MB"
    )
    assert largest - before < _GROWTH
