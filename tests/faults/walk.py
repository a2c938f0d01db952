"""Roads through a core whose disk fails on the way, and what must hold at each failure."""

import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from tests.faults.core_process import CoreProcess
from tests.faults.disk_shim import DiskShim
from tests.faults.promises import Promise, broken_promises
from tests.faults.refusals import until_done
from tests.faults.road import Held, Road

T = TypeVar("T")


@dataclass
class Walk:
    """One road after the other, while the disk fails; `bystander` is a client that was there before."""

    core: CoreProcess
    shim: DiskShim
    promises: list[Promise] = field(default_factory=list)
    #: Calls that were refused.
    refused: int = 0

    def __post_init__(self) -> None:
        self.road = Road(self.core, self.promises.append)
        self.road.log_in()
        self.bystander: Held = self.road.connect()

    def walk(self) -> None:
        """Register, consent, redeem, refresh, revoke; each is asked again once the disk is well, if it was refused."""
        road, held = self.road, self._connect()
        refreshed = self._until_done(lambda: road.refresh(held))
        assert refreshed.generation == held.generation + 1
        self._until_done(lambda: road.revoke(refreshed))
        assert not road.is_active(refreshed)

    def walk_far(self) -> None:
        """The same, and what operators do: a new user, a revoked grant, a blocked client, a disabled user."""
        self.walk()
        road, username = self.road, f"user-{secrets.token_hex(6)}"
        self._until_done(lambda: road.create_user(username))
        self._until_done(lambda: road.log_in(username))
        ended = [self._connect() for _ in range(3)]
        self._until_done(lambda: road.revoke_as_operator(ended[0]))
        self._until_done(lambda: road.block(ended[1].client_id))
        self._until_done(lambda: road.disable(username))
        assert not any(road.is_active(held) for held in ended)
        self._until_done(road.log_in)

    def _connect(self) -> Held:
        road = self.road
        client_id = self._until_done(road.register)
        code = self._until_done(lambda: road.consent(client_id))
        # Each time another attempt: had the refused one spent the code, this one would end the grant.
        return self._until_done(lambda: road.redeem(client_id, code))

    def _until_done(self, call: Callable[[], T]) -> T:
        return until_done(call, self._look_and_heal)

    def _look_and_heal(self) -> None:
        self.refused += 1
        assert self.shim.failed
        assert self.road.is_active(self.bystander)
        self._require_nothing_lost_in_a_crash()
        self.shim.heal()

    def _require_nothing_lost_in_a_crash(self) -> None:
        left = self.core.folder / "left"
        shutil.copytree(self.core.database, left, ignore=shutil.ignore_patterns("*.reserve", "*-shm"))
        assert broken_promises(left, self.promises) == []
        shutil.rmtree(left)
