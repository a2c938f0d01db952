"""What is remembered, and how much of it."""

from core.domain.tokens.remembered import Remembered


def test_never_more_than_it_may() -> None:
    """However much is put in, memory stays bounded."""
    remembered: Remembered[int, int] = Remembered(10)
    for number in range(1000):
        remembered.put(number, number)
        assert len(remembered) <= 10


def test_the_last_half_is_there() -> None:
    """What was put last is found, for at least half of what fits."""
    remembered: Remembered[int, int] = Remembered(10)
    for number in range(100):
        remembered.put(number, -number)

        assert all(remembered.find(each) == -each for each in range(max(0, number - 4), number + 1))


def test_what_is_asked_for_stays() -> None:
    """A thing that is found again and again outlives any number of others."""
    remembered: Remembered[int, str] = Remembered(10)
    remembered.put(0, "kept")
    for number in range(1, 1000):
        remembered.put(number, "passing")
        if number % 3 == 0:
            assert remembered.find(0) == "kept"
