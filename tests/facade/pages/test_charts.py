"""Charts: bars that are as high as their numbers, and nothing that is left out."""

from facade.pages.console.charts import MOST_SERIES, Series, draw_durations, draw_numbers, in_digits, largest_first
from facade.pages.console.wording import moment

_BEGINS = [moment(60 * minute) for minute in range(3)]


def test_numbers_stand_one_on_the_other() -> None:
    """The highest sum fills the height, the others are in proportion; what is zero has no bar and an empty bucket no
    row."""
    chart = draw_numbers("A", [Series("a", (1, 0, 3)), Series("b", (1, 0, 1))], _BEGINS)

    assert [(bar.series, bar.x, bar.y, bar.height) for bar in chart.bars] == [
        (0, 0, 75.0, 25.0),
        (1, 0, 50.0, 25.0),
        (0, 20, 25.0, 75.0),
        (1, 20, 0.0, 25.0),
    ]
    assert chart.legend == (("a", "4"), ("b", "2"))
    assert chart.highest == "4"
    assert chart.rows == ((_BEGINS[0], ("1", "1")), (_BEGINS[2], ("3", "1")))
    assert chart.bars[2].words == "1970-01-01 00:02\u00a0UTC: a 3"


def test_durations_stand_one_before_the_other() -> None:
    """Each bar begins at zero, and the larger one is drawn first."""
    chart = draw_durations("A", [Series("half", (5, 0, 0)), Series("nearly all", (10, 0, 0))], _BEGINS)

    assert [(bar.series, bar.y, bar.height) for bar in chart.bars] == [(1, 0.0, 100.0), (0, 50.0, 50.0)]
    assert chart.highest == "10\u202fms"


def test_nothing_at_all_is_a_chart_without_bars() -> None:
    """No number is divided by zero."""
    assert draw_numbers("A", [], _BEGINS).bars == draw_durations("A", [], _BEGINS).bars == ()


def test_what_has_no_colour_of_its_own_is_put_together() -> None:
    """The smallest are one series; no number is lost."""
    numbers = {f"n{number}": [float(number), 1.0] for number in range(MOST_SERIES + 3)}
    series = largest_first(numbers, "others")

    assert len(series) == MOST_SERIES
    assert series[0].name == f"n{MOST_SERIES + 2}"
    assert series[-1] == Series("others", (0.0 + 1 + 2 + 3, 4.0))
    assert sum(sum(each.numbers) for each in series) == sum(map(sum, numbers.values()))


def test_thousands_stand_apart() -> None:
    """ISO 80000-1: by a thin space, in every language."""
    assert in_digits(1234567) == "1\u202f234\u202f567"
