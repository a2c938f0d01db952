"""Clients of a server that keeps being killed: what they ask again, what they are told, and what they may not be told.

A refresh is asked again with the same token until it is answered, and so is all else but a code: the facade itself
sends that again, and a client that hears nothing asks its user once more.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from functools import partial
from random import Random
from threading import Event, Lock
from typing import TypeVar

import httpx

from tests.faults.again import is_away, until_answered
from tests.faults.http_road import HttpRoad, Refused, http_client
from tests.faults.promises import Promise
from tests.faults.road import Held
from tests.faults.stubs import Stubs

T = TypeVar("T")


class Findings:
    """What all of them have seen."""

    def __init__(self) -> None:
        self.promises: list[Promise] = []
        #: How often something was done, by its name.
        self.done: Counter[str] = Counter()
        #: What may not be.
        self.wrong: list[str] = []
        self._successors: defaultdict[str, set[str]] = defaultdict(set)
        self._door = Lock()

    def note(self, what: str) -> None:
        """One more of these."""
        with self._door:
            self.done[what] += 1

    def note_refresh(self, presented: str, successor: Held) -> None:
        """What a refresh token was exchanged for."""
        with self._door:
            self.done["refreshes"] += 1
            self._successors[presented].add(successor.refresh_token)
            if len(self._successors[presented]) > 1:
                self.wrong.append(f"two successors of generation {successor.generation - 1}")


class Survivor:
    """One user and their client, which connects, refreshes and is ended, over and over."""

    def __init__(self, name: str, stubs: Stubs, url: str, findings: Findings) -> None:
        self._name = name
        self._findings = findings
        self._random = Random(name)
        self._http = http_client(url)
        self._road = HttpRoad(stubs, findings.promises.append, http=self._http)

    def live(self, over: Event) -> None:
        """Until it is over."""
        with self._http:
            until_answered(partial(self._road.log_in, self._name))
            while not over.is_set():
                held = self._connect()
                if held is not None:
                    self._use(held, over)

    def _use(self, held: Held, over: Event) -> None:
        for _ in range(self._random.randrange(3, 12)):
            if over.is_set():
                break
            if (successor := self._try("refresh", partial(self._road.refresh, held))) is None:
                return
            self._findings.note_refresh(held.refresh_token, successor)
            held = successor
            self._require_active(held, True)
        if self._random.random() < 0.3:
            until_answered(partial(self._road.revoke, held))
            self._findings.note("revocations")
            self._require_active(held, False)

    def _connect(self) -> Held | None:
        client_id = until_answered(self._road.register)
        code = until_answered(partial(self._road.consent, client_id))
        try:
            held = self._road.redeem(client_id, code)
        except (Refused, httpx.TransportError) as error:
            self._findings.note("codes that were not answered")
            if not is_away(error):
                self._findings.wrong.append(f"a code was refused: {error}")
            return None
        self._findings.note("redemptions")
        self._require_active(held, True)
        return held

    def _require_active(self, held: Held, expected: bool) -> None:
        if until_answered(partial(self._road.is_active, held)) is not expected:
            self._findings.wrong.append(f"generation {held.generation} active: {not expected}")

    def _try(self, what: str, call: Callable[[], T]) -> T | None:
        try:
            return until_answered(call)
        except Refused as refusal:
            self._findings.wrong.append(f"{what}: {refusal}")
            return None
