"""The verifier: remembered tokens, new ones, revocations that reach a hundred, and memory."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import grpc
from tokenhouse.v1 import grant_admin_pb2, grant_admin_pb2_grpc, validation_pb2

from tests.bench.measurement import Finding, Measurement, Row, Run, compare_rates, take_turns
from tests.bench.percentiles import percentile
from tests.bench.road import RESOURCE, Road
from tests.bench.servers import Core
from tests.bench.verifying.process import Verifying, ask

#: What the core certainly keeps of answers as they go over the wire is half of 4,096.
_NEW = 1_920
#: How often each of them is verified in one run, 64 at a time: the verifier remembers few, so each is new to it again,
#: and its runs take about as long as those of calls. One at a time takes a few of them, once, in many short turns.
_TIMES = {"verifier": 32, "unary": 4}
_FEW = 480
_TURNS = {64: 1, 1: 4}
_AT_A_TIME = {64: 8.0, 1: 0.95}
_FORMS = {"threads": "TokenVerifier", "loop": "AsyncTokenVerifier"}
_PROCESSES, _IN_EACH = 10, 10
_REVOCATIONS = 50
_REMEMBERED = 1_000
#: 11,000 in all: the first thousand are not counted.
_KEPT = 10_000
_BATCH = 128


def measure(folder: Path, rounds: int) -> list[Finding]:
    """One core; each verifier is in a process of its own, a hundred in ten."""
    core = Core(folder / "verifier")
    with core:
        road = Road(core)
        road.begin()
        tokens = [each.access_token for each in road.connect(_REMEMBERED + _KEPT)]
        common = {"target": f"127.0.0.1:{core.grpc_port}", "audience": RESOURCE}
        found = [
            *_remembered(common, tokens[:_REMEMBERED], rounds),
            *_new(core, common, tokens[: _NEW + 1], rounds),
            *_revoked(core, common, [each.access_token for each in road.connect(_REVOCATIONS)]),
            *_memory(common, tokens),
        ]
    return [*found, *_cold(core, common, tokens[: _NEW + 1], rounds)]


def _remembered(common: dict[str, str], tokens: Sequence[str], rounds: int) -> list[Finding]:
    told = [ask("remembered", **common, tokens=tokens) for _ in range(rounds)]
    rates = {name: [each[name] for each in told] for name in told[0]}
    ratios = [each["verify_one"] / each["decode"] for each in told]
    return [
        _rate("verify, 1,000 remembered tokens in turn", rates["verify"], 500_000),
        _rate("verify, one remembered token", rates["verify_one"], 500_000),
        _rate("verify of AsyncTokenVerifier, 1,000 in turn", rates["verify_async"], None),
        _rate("verify, a token that is known to be no good", rates["refuse"], None),
        Finding(
            f"verify against PyJWT's decode of the same token ({median(rates['decode']):,.0f}/s)",
            median(ratios),
            50,
            spread=(min(ratios), max(ratios)),
        ),
    ]


def _rate(name: str, rates: Sequence[float], target: float | None) -> Finding:
    return Finding(name, median(rates), target, unit="/s", spread=(min(rates), max(rates)))


def _new(core: Core, common: dict[str, str], tokens: Sequence[str], rounds: int) -> list[Finding]:
    """Tokens that the verifier has not seen and the core has."""
    for token in tokens:
        core.validation.ValidateToken(_request(token), timeout=5)
    for start in range(0, len(tokens), _BATCH):
        requests = [_request(token) for token in tokens[start : start + _BATCH]]
        core.validation.ValidateTokens(validation_pb2.ValidateTokensRequest(requests=requests), timeout=5)
    findings = []
    for form, name in _FORMS.items():
        for at_a_time, target in _AT_A_TIME.items():
            part, times = (tokens, _TIMES) if at_a_time > 1 else (tokens[: _FEW + 1], dict.fromkeys(_TIMES, 1))
            pair = [_run(core, common, part, form, way, at_a_time, times[way]) for way in _TIMES]
            ours, plain = take_turns(pair, rounds * _TURNS[at_a_time])
            findings.append(_compare(f"{name}, {at_a_time} at a time, warm in the core", ours, plain, target))
    return findings


def _cold(core: Core, common: dict[str, str], tokens: Sequence[str], rounds: int) -> list[Finding]:
    """Tokens that neither has seen: each run has a core that has just started."""

    def restarting(run: Run) -> Run:
        def restarted() -> Measurement:
            with core:
                return run()

        return restarted

    findings = []
    for form, name in _FORMS.items():
        pair = [restarting(_run(core, common, tokens, form, way, 64, 1)) for way in _TIMES]
        ours, plain = take_turns(pair, rounds)
        findings.append(_compare(f"{name}, 64 at a time, cold in both", ours, plain, None))
    return findings


def _compare(name: str, ours: Sequence[Measurement], plain: Sequence[Measurement], target: float | None) -> Finding:
    return compare_rates(f"{name}, against a call for each", Row("verifier", ours), Row("ValidateToken", plain), target)


def _run(
    core: Core, common: dict[str, str], tokens: Sequence[str], form: str, way: str, at_a_time: int, times: int
) -> Callable[[], Measurement]:
    known, *new = tokens

    def run() -> Measurement:
        task = {**common, "tokens": new, "times": times, "known": known, "form": form, "way": way}
        told = ask("unknown", **task, at_a_time=at_a_time, pid=core.server.pid)
        taken = told["taken"]
        assert len(taken) == len(new) * times
        return Measurement(
            len(taken), told["seconds"], told["cpu_seconds"], percentile(taken, 0.5), percentile(taken, 0.99)
        )

    return run


def _request(token: str) -> validation_pb2.ValidateTokenRequest:
    return validation_pb2.ValidateTokenRequest(token=token, audience=RESOURCE)


def _revoked(core: Core, common: dict[str, str], tokens: Sequence[str]) -> list[Finding]:
    """From the answer to an operator's revocation to the refusal by each verifier that had accepted the token."""
    late: list[float] = []
    with ExitStack() as stack:
        services = [stack.enter_context(Verifying("following")) for _ in range(_PROCESSES)]
        channel = stack.enter_context(grpc.insecure_channel(f"unix:{core.data / 'admin.sock'}"))
        grants = grant_admin_pb2_grpc.GrantAdminServiceStub(channel)
        for number, token in enumerate(tokens):
            grant_id = core.validation.ValidateToken(_request(token), timeout=5).grant_id
            made = {**common, "count": _IN_EACH} if number == 0 else {}
            for service in services:
                service.tell(token=token, **made)
            assert {service.hear() for service in services} == {"ready"}
            revoked = grants.RevokeGrant(grant_admin_pb2.RevokeGrantRequest(grant_id=grant_id), timeout=5)
            acknowledged_at = time.monotonic()
            assert revoked.revoked
            late.extend(moment - acknowledged_at for service in services for moment in service.hear())
    name = f"A revocation acknowledged, refused by {_PROCESSES * _IN_EACH} verifiers"
    return [
        Finding(f"{name}, p50", percentile(late, 0.5) * 1000, 50, at_most=True, unit="ms"),
        Finding(f"{name}, p99", percentile(late, 0.99) * 1000, 250, at_most=True, unit="ms"),
        Finding(f"{name}, the last of {len(late):,}", max(late) * 1000, None, at_most=True, unit="ms"),
    ]


def _memory(common: dict[str, str], tokens: Sequence[str]) -> list[Finding]:
    kinds = ("of_one_user", "of_many_users", "refused")
    told = {kind: ask("memory", **common, tokens=tokens, kind=kind) for kind in kinds}
    # 32 MB for 20,000 tokens are the verifier's defaults.
    return [
        Finding("Memory, 10,000 remembered tokens of one user", told["of_one_user"], 16, at_most=True, unit="MB"),
        Finding("Memory, 10,000 remembered tokens of 10,000 users", told["of_many_users"], 16, at_most=True, unit="MB"),
        Finding("Memory, 10,000 refused tokens", told["refused"], None, at_most=True, unit="MB"),
    ]
