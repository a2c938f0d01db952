"""Memory of both processes after many requests of every kind, and whether it stays there."""

from contextlib import ExitStack
from pathlib import Path

from tokenhouse.v1 import validation_pb2

from tests.bench.h2load import UnaryLoad
from tests.bench.machine import resident_megabytes, together_megabytes
from tests.bench.measurement import Finding
from tests.bench.requests import code_load, metadata_load, refresh_load, registration_load
from tests.bench.road import RESOURCE, Road
from tests.bench.servers import Core, facade

_GRANTS = 1500
#: Of one step: 20,000 requests in all.
_REFRESHES, _METADATA, _REGISTRATIONS, _CODES, _VALIDATIONS = 10_000, 4_000, 2_000, 2_000, 2_000
#: 100,000 requests, and as many as show that memory stays where it is.
_STEPS, _MORE_STEPS = 5, 4
_MOST_MEGABYTES = 140
#: An allocator rounds up: what may come on top after the first 100,000, in MB.
_FLAT = 5
_CONNECTIONS = 64


def measure(folder: Path, _rounds: int) -> list[Finding]:
    """The product's own two processes, from their first request on."""
    with ExitStack() as stack:
        core = stack.enter_context(Core(folder / "memory"))
        server, port = facade(core)
        stack.enter_context(server)
        mixed = _Mixed(core, f"http://127.0.0.1:{port}", [core.server.pid, server.pid])
        taken = [mixed.megabytes()]
        for _ in range(_STEPS + _MORE_STEPS):
            mixed.step()
            taken.append(mixed.megabytes())
        resident = sum(resident_megabytes(pid) for pid in mixed.pids)
    course = ", ".join(f"{megabytes:.0f}" for megabytes in taken)
    after = taken[_STEPS]
    return [
        Finding("6. Memory of both processes after 100,000 requests", after, _MOST_MEGABYTES, at_most=True, unit="MB"),
        Finding(
            f"6. What the next 80,000 requests add ({course} MB, a step of 20,000 each; "
            f"{resident:.0f} MB with the libraries that both have mapped counted twice)",
            taken[-1] - after,
            _FLAT,
            at_most=True,
            unit="MB",
        ),
    ]


class _Mixed:
    """Every kind of request in turn."""

    def __init__(self, core: Core, url: str, pids: list[int]) -> None:
        self._core, self._url, self.pids = core, url, pids
        self._road = Road(core)
        self._road.begin()
        tokens = self._road.connect(_GRANTS)
        self._refreshing = refresh_load(
            f"{url}/oauth/v1/token", self._road.client_id, [each.refresh_token for each in tokens]
        )
        self._validating = validation_pb2.ValidateTokenRequest(token=tokens[0].access_token, audience=RESOURCE)

    def step(self) -> None:
        """20,000 requests."""
        token, register = f"{self._url}/oauth/v1/token", f"{self._url}/oauth/v1/register"
        codes = self._road.codes(_CODES + _CONNECTIONS)
        for load, count in (
            (self._refreshing, _REFRESHES),
            (metadata_load(f"{self._url}/.well-known/oauth-authorization-server"), _METADATA),
            (registration_load(register, _REGISTRATIONS + _CONNECTIONS), _REGISTRATIONS),
            (code_load(token, self._road.client_id, codes), _CODES),
        ):
            load.run(count, self.pids, connections=_CONNECTIONS)
        answer = self._core.validation.ValidateToken(self._validating, timeout=5)
        method = "/tokenhouse.v1.ValidationService/ValidateToken"
        validating = UnaryLoad(self._core.grpc_port, method, self._validating, answer.ByteSize())
        validating.run(_VALIDATIONS, self.pids)

    def megabytes(self) -> float:
        """Both processes together."""
        return together_megabytes(self.pids)
