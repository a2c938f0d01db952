"""Many clients at once: what they were acknowledged, each with how far the disk's record was when they heard it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random

from tests.faults.core_process import CoreProcess
from tests.faults.disk_shim import DiskShim
from tests.faults.promises import Promise, Promises, signing_key_of
from tests.faults.road import Held, Road

_USERS = 8
#: What a user's clients do next, and how often of a hundred times.
_STEPS = {"refresh": 66, "connect": 20, "revoke": 8, "revoke as operator": 4, "block": 2}


class Load:
    """Eight users whose clients connect, refresh and are ended; the same `seed` asks for the same things."""

    def __init__(self, core: CoreProcess, shim: DiskShim, seed: int = 0) -> None:
        self.promises = Promises()
        self._shim = shim
        self._walkers = [
            _Walker(Road(core, self._promise), Random(f"{seed} {number}"), f"user-{seed}-{number}")
            for number in range(_USERS)
        ]

    def run(self, steps: int) -> None:
        """Let each user take `steps` steps, all at once."""
        with ThreadPoolExecutor(_USERS) as threads:
            for walked in [threads.submit(walker.walk, steps) for walker in self._walkers]:
                walked.result()

    def disable_users(self, count: int) -> None:
        """Disable the first of the users, who take no more steps."""
        for walker in self._walkers[:count]:
            walker.road.disable(walker.username)
        del self._walkers[:count]

    def _promise(self, promise: Promise) -> None:
        self.promises.add(self._shim.sequence, promise)


@dataclass
class _Walker:
    """One user."""

    road: Road
    random: Random
    username: str
    held: list[Held] = field(default_factory=list)

    def walk(self, steps: int) -> None:
        if not self.held:
            self.road.create_user(self.username)
            self.road.log_in(self.username)
            self._connect()
        for _ in range(steps):
            self._step()

    def _step(self) -> None:
        (what,) = self.random.choices(list(_STEPS), list(_STEPS.values()))
        chosen = self.random.randrange(len(self.held))
        match what:
            case "connect":
                self._connect()
            case "refresh":
                self.held[chosen] = self.road.refresh(self.held[chosen])
            case _:
                self._end(what, self.held.pop(chosen))
                self._connect()

    def _connect(self) -> None:
        held = self.road.connect()
        self.road.promise(signing_key_of(held.access_token))
        self.held.append(held)

    def _end(self, how: str, held: Held) -> None:
        match how:
            case "revoke":
                self.road.revoke(held)
            case "revoke as operator":
                self.road.revoke_as_operator(held)
            case "block":
                self.road.block(held.client_id)
