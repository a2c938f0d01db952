"""What one run of load found, and two things held against one another in turns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Measurement:
    """One run. `units` are what was answered: requests, or the tokens in them; times are in seconds."""

    units: int
    seconds: float
    cpu_seconds: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        """Units per second."""
        return self.units / self.seconds

    @property
    def cpu_microseconds(self) -> float:
        """What a unit costs the server's processes."""
        return self.cpu_seconds / self.units * 1e6


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the report: the medians of its runs."""

    name: str
    runs: Sequence[Measurement]

    def write(self) -> str:
        """Rate, CPU per unit, p50 and p99."""
        rate, cpu = median(run.rate for run in self.runs), median(run.cpu_microseconds for run in self.runs)
        p50, p99 = median(run.p50 for run in self.runs) * 1e3, median(run.p99 for run in self.runs) * 1e3
        return f"    {self.name:<44}{rate:>10,.0f}/s{cpu:>9,.0f} µs CPU{p50:>9.2f} ms p50{p99:>9.2f} ms p99"


@dataclass(frozen=True, slots=True)
class Finding:
    """A figure and its target."""

    name: str
    measured: float
    #: None where two things are only shown side by side.
    target: float | None
    #: Whether smaller is better.
    at_most: bool = False
    unit: str = "×"
    rows: Sequence[Row] = ()
    #: The smallest and the largest of the rounds.
    spread: tuple[float, float] | None = None

    @property
    def met(self) -> bool:
        """Whether the target, if there is one, is reached."""
        if self.target is None:
            return True
        return self.measured <= self.target if self.at_most else self.measured >= self.target

    def write(self) -> str:
        """The finding, and under it what it rests on."""
        spread = f" ({_number(self.spread[0])} to {_number(self.spread[1])})" if self.spread else ""
        found = f"{self.name}: {_number(self.measured)} {self.unit}{spread}"
        return "\n".join([f"{found}{self._verdict()}", *(row.write() for row in self.rows)])

    def _verdict(self) -> str:
        if self.target is None:
            return ""
        sign = "≤" if self.at_most else "≥"
        return f", target {sign} {self.target:,g} {self.unit}: {'met' if self.met else 'MISSED'}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.2f}"


Run = Callable[[], Measurement]


def take_turns(runs: Sequence[Run], rounds: int) -> list[list[Measurement]]:
    """Run all of them in every round, in turned order every second time, so that a drift of the machine meets each."""
    found: list[list[Measurement]] = [[] for _ in runs]
    for number in range(rounds):
        order = range(len(runs)) if number % 2 == 0 else reversed(range(len(runs)))
        for index in order:
            found[index].append(runs[index]())
    return found


def compare_rates(name: str, ours: Row, others: Row, target: float | None) -> Finding:
    """How many times the others' rate ours is: the median of the rounds' ratios."""
    ratios = [our.rate / other.rate for our, other in zip(ours.runs, others.runs, strict=True)]
    return Finding(name, median(ratios), target, rows=(ours, others), spread=(min(ratios), max(ratios)))
