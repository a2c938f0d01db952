"""Bars drawn without a script: an SVG, and the same numbers as a table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from facade.pages.console.wording import Moment
from facade.texts.languages import current_texts

#: Of an SVG's own units: a bucket's width with the gap beside it, and the height of the highest bar.
_STEP, _GAP, _HEIGHT = 10, 2, 100
#: As many as there are colours in the stylesheet; what is too small for one of its own is put together.
MOST_SERIES = 7


@dataclass(frozen=True, slots=True)
class Series:
    """The numbers of one kind, one for each bucket."""

    name: str
    numbers: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a bar, in the SVG's units; `series` is its colour."""

    series: int
    x: int
    y: float
    width: int
    height: float
    #: What it is, for whoever points at it.
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart, ready to be drawn and to be read out."""

    title: str
    #: The name of each series, and what all of its numbers are together, where that means anything.
    legend: tuple[tuple[str, str], ...]
    bars: tuple[Bar, ...]
    width: int
    height: int
    #: What the highest bar stands for.
    highest: str
    #: The buckets in which something happened: when they began, and the numbers.
    rows: tuple[tuple[Moment, tuple[str, ...]], ...]


def draw_numbers(title: str, series: Sequence[Series], begins: Sequence[Moment]) -> Chart:
    """How often each of several things happened, one on the other."""
    places = range(len(begins))
    totals = [sum(each.numbers[place] for each in series) for place in places]
    bars = [bar for place in places for bar in _stack(series, place, begins[place], max(totals, default=0) or 1)]
    legend = [(each.name, in_digits(sum(each.numbers))) for each in series]
    return _chart(title, legend, bars, series, begins, in_digits(max(totals, default=0)), in_digits)


def draw_durations(title: str, series: Sequence[Series], begins: Sequence[Moment]) -> Chart:
    """How long something took, in milliseconds: each series has larger numbers than the one before, and stands behind
    it."""
    places = range(len(begins))
    highest = max((number for each in series for number in each.numbers), default=0.0)
    bars = [
        _bar(colour, place, begins[place], each, 0.0, highest, in_milliseconds)
        for place in places
        for colour, each in reversed(list(enumerate(series)))
        if each.numbers[place]
    ]
    legend = [(each.name, "") for each in series]
    return _chart(title, legend, bars, series, begins, in_milliseconds(highest), in_milliseconds)


def largest_first(numbers: Mapping[str, Sequence[float]], others: str) -> list[Series]:
    """A series for each name, the largest first; those beyond the colours are one, under the name `others`."""
    ordered = [
        Series(name, tuple(each)) for name, each in sorted(numbers.items(), key=lambda item: (-sum(item[1]), item[0]))
    ]
    if len(ordered) <= MOST_SERIES:
        return ordered
    rest = zip(*(each.numbers for each in ordered[MOST_SERIES - 1 :]), strict=True)
    return [*ordered[: MOST_SERIES - 1], Series(others, tuple(map(sum, rest)))]


def in_digits(number: float) -> str:
    """A number, its thousands apart (ISO 80000-1)."""
    return f"{number:,.0f}".replace(",", "\u202f")


def in_milliseconds(number: float) -> str:
    """A duration; it is a bound, and so has few digits."""
    return f"{number:g}\u202fms".replace(".", current_texts().decimal_sign)


def _chart(
    title: str,
    legend: Sequence[tuple[str, str]],
    bars: Sequence[Bar],
    series: Sequence[Series],
    begins: Sequence[Moment],
    highest: str,
    show: Callable[[float], str],
) -> Chart:
    rows = tuple(
        (begin, tuple(show(each.numbers[place]) for each in series))
        for place, begin in enumerate(begins)
        if any(each.numbers[place] for each in series)
    )
    return Chart(title, tuple(legend), tuple(bars), _STEP * len(begins), _HEIGHT, highest, rows)


def _stack(series: Sequence[Series], place: int, begin: Moment, highest: float) -> list[Bar]:
    bars, below = [], 0.0
    for colour, each in enumerate(series):
        if each.numbers[place]:
            bars.append(_bar(colour, place, begin, each, below, highest, in_digits))
            below += each.numbers[place]
    return bars


def _bar(
    colour: int, place: int, begin: Moment, each: Series, below: float, highest: float, show: Callable[[float], str]
) -> Bar:
    number = each.numbers[place]
    height = round(number / highest * _HEIGHT, 2)
    top = round((highest - below - number) / highest * _HEIGHT, 2)
    words = f"{begin.words}: {each.name} {show(number)}"
    return Bar(colour, place * _STEP, top, _STEP - _GAP, height, words)
