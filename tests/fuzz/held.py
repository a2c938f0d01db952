"""A property that every input of a kind has to keep, and how many inputs it is held against."""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis.strategies import SearchStrategy

#: How many inputs are tried between two looks at the time.
_ROUND = 200


@dataclass(frozen=True)
class Property:
    """`holds` raises for an input that breaks it."""

    name: str
    inputs: SearchStrategy[Any]
    holds: Callable[[Any], object]

    def check(self, count: int) -> None:
        """Try `count` inputs, the same ones each time."""
        self._try(settings(max_examples=count, derandomize=True))

    def check_for(self, seconds: float, first_seed: int) -> int:
        """Try inputs for so long, other ones for each first seed; how many that were."""
        until = time.monotonic() + seconds
        tried = 0
        for number in itertools.count(first_seed):
            tried += self._try(settings(max_examples=_ROUND), number)
            if time.monotonic() > until:
                break
        return tried

    def _try(self, how: settings, number: int | None = None) -> int:
        try:
            return self._count(how, number)
        except BaseException as error:
            error.add_note(f"property: {self.name}" + ("" if number is None else f"; seed: {number}"))
            raise

    def _count(self, how: settings, number: int | None) -> int:
        tried = 0

        def held(given_input: Any) -> None:
            nonlocal tried
            tried += 1
            self.holds(given_input)

        test = settings(how, database=None, deadline=None, suppress_health_check=list(HealthCheck))(
            given(self.inputs)(held)
        )
        (test if number is None else seed(number)(test))()
        return tried
