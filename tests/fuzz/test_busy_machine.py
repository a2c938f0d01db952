"""What a property is held against is inputs, never the time that a busy machine took for one."""

import time

from hypothesis import given, settings
from hypothesis import strategies as st

#: Seconds; where nobody says otherwise the making of the first ten inputs may take 1.0, and the trial of each 0.2.
_MAKING, _TRIAL = 1.1, 0.3


def test_a_property_is_not_broken_by_the_time_it_took() -> None:
    """One input that takes long, in its making or in its trial, among others that do not, fails no property."""
    made: list[int] = []
    tried: list[int] = []

    def make(number: int) -> int:
        made.append(number)
        time.sleep(_MAKING if len(made) == 2 else 0)
        return number

    @settings(max_examples=20)
    @given(st.integers().map(make))
    def holds(number: int) -> None:
        tried.append(number)
        time.sleep(_TRIAL if len(tried) == 3 else 0)

    holds()

    assert len(tried) >= 20
