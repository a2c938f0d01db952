"""Validation against the call itself, and in batches."""

from pathlib import Path

from tokenhouse.v1 import validation_pb2

from tests.bench.h2load import UnaryLoad
from tests.bench.measurement import Finding, Row, compare_rates, take_turns
from tests.bench.road import RESOURCE, Road
from tests.bench.servers import Core
from tests.bench.starting.core import SERVICE

_BATCH = 128


def measure(folder: Path, rounds: int) -> list[Finding]:
    """One core: ValidateToken, the echo, ValidateTokens."""
    with Core(folder / "validation", "tests.bench.starting.core") as core:
        road = Road(core)
        road.begin()
        requests = [_validating(tokens.access_token) for tokens in road.connect(_BATCH)]
        unary, echo, batch = _unary(core, requests[0]), _echo(core, requests[0]), _batch(core, requests)
        pids = [core.server.pid]
        for load, calls in ((unary, 2000), (echo, 2000), (batch, 100)):
            load.run(calls, pids)
        turns = [lambda: unary.run(12_000, pids), lambda: echo.run(12_000, pids), lambda: batch.run(800, pids)]
        ours, others, batched = take_turns(turns, rounds)
    validating, echoing = Row("ValidateToken, a warm token", ours), Row("Echo of the same message", others)
    many = Row(f"ValidateTokens, {_BATCH} warm tokens (per token)", batched)
    return [
        compare_rates("1. ValidateToken against an echo", validating, echoing, 0.90),
        compare_rates(f"2. Tokens per second: ValidateTokens with {_BATCH} against unary", many, validating, 25),
    ]


def _validating(token: str) -> validation_pb2.ValidateTokenRequest:
    return validation_pb2.ValidateTokenRequest(token=token, audience=RESOURCE)


def _unary(core: Core, request: validation_pb2.ValidateTokenRequest) -> UnaryLoad:
    answer = core.validation.ValidateToken(request, timeout=5)
    assert answer.active
    return UnaryLoad(core.grpc_port, "/tokenhouse.v1.ValidationService/ValidateToken", request, answer.ByteSize())


def _echo(core: Core, request: validation_pb2.ValidateTokenRequest) -> UnaryLoad:
    return UnaryLoad(core.grpc_port, f"/{SERVICE}/Echo", request, request.ByteSize())


def _batch(core: Core, requests: list[validation_pb2.ValidateTokenRequest]) -> UnaryLoad:
    whole = validation_pb2.ValidateTokensRequest(requests=requests)
    answer = core.validation.ValidateTokens(whole, timeout=5)
    assert all(result.response.active for result in answer.results)
    method = "/tokenhouse.v1.ValidationService/ValidateTokens"
    # As many tokens in flight as a verifier that coalesces keeps there: two batches.
    return UnaryLoad(core.grpc_port, method, whole, answer.ByteSize(), in_flight=2, units=_BATCH)
