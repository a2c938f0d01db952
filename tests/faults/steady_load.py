"""Load that does not stop while core and facade are restarted; what is not answered as it should be is written down.

Machines refresh, register, read documents and open the login page over kept-alive connections, as fast as they are
answered; people sign in, consent and redeem their code; services validate. Nobody sends an HTTP request twice.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from threading import Event, Thread
from types import TracebackType
from typing import Self, TypeAlias
from urllib.parse import urlencode

import httpx

from tests.facade.road import Visit
from tests.facade.road import register as register_client
from tests.faults.again import until_answered
from tests.faults.core_process import CoreProcess
from tests.faults.facade_process import FacadeProcess
from tests.faults.http_connection import Broken, HttpConnection, Reply, Reset
from tests.faults.http_road import http_client
from tests.faults.road import REDIRECT_URI, Held, Road
from tests.patience import PATIENCE
from tests.serving import ISSUER

_REFRESHING = 12
_READING = 3
#: For thousands of answers, in seconds.
_PATIENCE = 5 * PATIENCE
_FORM = "application/x-www-form-urlencoded"
_Act: TypeAlias = Callable[[HttpConnection], Awaitable[Reply]]


@dataclass(frozen=True)
class _Site:
    """`tests.facade.road.Site`."""

    base: str
    password: str
    client: httpx.Client
    issuer: str = ISSUER

    def url(self, path: str) -> str:
        return path


@dataclass
class Seen:
    """What all of them have seen."""

    answered: Counter[str] = field(default_factory=Counter)
    #: Anything but the answer that was asked for.
    failed: list[str] = field(default_factory=list)
    #: How often nobody listened.
    refused: int = 0
    #: How often the kernel ended a connection, with what was sent on it.
    reset: int = 0
    #: The slowest answer, in seconds.
    slowest: float = 0.0

    def note(self, what: str, started: float) -> None:
        """One answer, as it should be."""
        self.answered[what] += 1
        self.slowest = max(self.slowest, time.monotonic() - started)


class SteadyLoad:
    """For a `with`: from its begin to its end. `people` sign in one after the other, `services` validate."""

    def __init__(self, core: CoreProcess, facade: FacadeProcess, *, people: int = 1, services: int = 1) -> None:
        self.seen = Seen()
        self._core = core
        self._facade = facade
        self._over = Event()
        road = Road(core)
        road.log_in()
        self._held = [road.connect() for _ in range(_REFRESHING)]
        threads = [self._drive_machines, *[self._be_a_person] * people, *[self._be_a_service] * services]
        self._threads = [Thread(target=self._guard, args=(each,)) for each in threads]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(_PATIENCE)

    def wait_for(self, answers: int) -> None:
        """Until so many more requests have been answered, of each kind at least one."""
        before, deadline = self.seen.answered.copy(), time.monotonic() + _PATIENCE
        while self.seen.answered.total() < before.total() + answers or (
            any(self.seen.answered[what] == count for what, count in before.items())
        ):
            if self.seen.failed or time.monotonic() > deadline:
                raise RuntimeError(f"{dict(self.seen.answered)}, {len(self.seen.failed)} {self.seen.failed[:3]}")
            time.sleep(0.01)

    def _guard(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:
            self.seen.failed.append(f"{act.__name__}: {error!r}")

    def _drive_machines(self) -> None:
        asyncio.run(self._machines())

    async def _machines(self) -> None:
        acts: list[tuple[str, int, _Act]] = [("refresh", 200, _refreshing(held)) for held in self._held]
        acts += [("register", 201, _register), ("authorize", 200, _authorizing(self._held[0].client_id))]
        acts += [("keys", 200, _read_keys)] * _READING
        connections = [HttpConnection(self._facade.port) for _ in acts]
        await asyncio.gather(
            *(self._repeat(*act, connection) for act, connection in zip(acts, connections, strict=True))
        )
        self.seen.refused += sum(connection.refused for connection in connections)

    async def _repeat(self, what: str, status: int, act: _Act, connection: HttpConnection) -> None:
        while not self._over.is_set():
            started = time.monotonic()
            try:
                reply = await act(connection)
            except Reset:
                self.seen.reset += 1
                continue
            except Broken as broken:
                self.seen.failed.append(str(broken))
                continue
            if reply.status == status:
                self.seen.note(what, started)
            else:
                self.seen.failed.append(f"{what}: {reply.status} {reply.body[:200]!r}")
        connection.close()

    def _be_a_person(self) -> None:
        with http_client(self._facade.url) as client:
            site = _Site(self._facade.url, self._core.password, client)
            client_id = register_client(site, REDIRECT_URI)
            while not self._over.is_set():
                visit, started = Visit(site, client_id, REDIRECT_URI), time.monotonic()
                with visit.browser:
                    reply = visit.redeem(visit.code())
                if reply.status_code == 200:
                    self.seen.note("sign-in", started)
                else:
                    self.seen.failed.append(f"redeem: {reply.status_code} {reply.text}")

    def _be_a_service(self) -> None:
        stubs = self._core.patient_stubs()
        road = Road(stubs)
        while not self._over.is_set():
            started = time.monotonic()
            if until_answered(lambda: road.is_active(self._held[0])):
                self.seen.note("validate", started)
            else:
                self.seen.failed.append("validate: not active")
        stubs.disconnect()


def _refreshing(held: Held) -> _Act:
    """Uses each token once."""
    token = held.refresh_token

    async def refresh(connection: HttpConnection) -> Reply:
        nonlocal token
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": held.client_id}
        reply = await connection.ask("POST", "/oauth/v1/token", urlencode(form).encode(), _FORM)
        if reply.status == 200:
            token = json.loads(reply.body)["refresh_token"]
        return reply

    return refresh


async def _register(connection: HttpConnection) -> Reply:
    body = {"client_name": f"tool {time.monotonic_ns()}", "redirect_uris": [REDIRECT_URI]}
    return await connection.ask("POST", "/oauth/v1/register", json.dumps(body).encode(), "application/json")


def _authorizing(client_id: str) -> _Act:
    request = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": REDIRECT_URI,
        "code_challenge": "A" * 43,
        "code_challenge_method": "S256",
    }
    path = f"/oauth/v1/authorize?{urlencode(request)}"

    async def authorize(connection: HttpConnection) -> Reply:
        return await connection.ask("GET", path)

    return authorize


async def _read_keys(connection: HttpConnection) -> Reply:
    return await connection.ask("GET", "/oauth/v1/jwks")
