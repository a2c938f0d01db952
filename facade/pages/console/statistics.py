"""What happened lately, as charts and as tables."""

from collections.abc import Callable, Mapping, Sequence

from sanic import HTTPResponse
from tokenhouse.v1.console_pb2 import LookResponse
from tokenhouse.v1.statistics_admin_pb2 import StatisticsBucket

from facade import paths
from facade.pages.console.charts import Chart, Series, draw_durations, draw_numbers, largest_first
from facade.pages.console.frame import Frame
from facade.pages.console.wording import Moment, in_words, moment

_COUNTED = ("logins", "tokens", "refreshes", "validations", "refusals")
_TIMED = ("token_latency", "validation_latency", "login_latency")
#: Which part of the calls took no longer, and what that is called.
_SHARES = ((0.5, "half"), (0.99, "nearly_all"))


def statistics_page_of(period: str, periods: Sequence[str]) -> Callable[[Frame, list[LookResponse]], HTTPResponse]:
    """The page for one of the periods."""

    def statistics_page(frame: Frame, answers: list[LookResponse]) -> HTTPResponse:
        buckets = answers[0].get_statistics.buckets
        begins = [moment(bucket.began_at) for bucket in buckets]
        charts = [_counted(family, buckets, begins) for family in _COUNTED]
        values = {
            "charts": charts + [_timed(family, buckets, begins) for family in _TIMED],
            "periods": [
                (frame.url(paths.CONSOLE_STATISTICS, period=each), in_words("period", each), each == period)
                for each in periods
            ],
            "first": begins[0],
            "last": begins[-1],
        }
        return frame.render("statistics.html", values, here=paths.CONSOLE_STATISTICS)

    return statistics_page


def _numbers(family: str, buckets: Sequence[StatisticsBucket]) -> Mapping[str, Sequence[float]]:
    """Of each name in the family, the numbers of all buckets."""
    found: dict[str, list[float]] = {}
    for place, bucket in enumerate(buckets):
        for figure in bucket.figures:
            if figure.family == family:
                found.setdefault(figure.name, [0.0] * len(buckets))[place] = figure.number
    return found


def _counted(family: str, buckets: Sequence[StatisticsBucket], begins: Sequence[Moment]) -> Chart:
    named: dict[str, Sequence[float]] = {}
    for name, numbers in _numbers(family, buckets).items():
        # Reasons are in capitals, as in google.rpc.ErrorInfo; two of them may mean the same to people.
        words = (
            in_words("refusal", name.lower()) if family == "refusals" else in_words("outcome", name, or_of="refusal")
        )
        named[words] = [sum(each) for each in zip(named[words], numbers, strict=True)] if words in named else numbers
    return draw_numbers(in_words("chart", family), largest_first(named, in_words("outcome", "others")), begins)


def _timed(family: str, buckets: Sequence[StatisticsBucket], begins: Sequence[Moment]) -> Chart:
    """How long calls took, half of them and nearly all; by the bounds within which they were counted."""
    bounds = sorted((float(name), numbers) for name, numbers in _numbers(family, buckets).items())
    shares = [
        [_within(share, [(bound, numbers[place]) for bound, numbers in bounds]) * 1000 for place in range(len(begins))]
        for share, _ in _SHARES
    ]
    series = [
        Series(in_words("share", name), tuple(round(each, 3) for each in milliseconds))
        for (_, name), milliseconds in zip(_SHARES, shares, strict=True)
    ]
    return draw_durations(in_words("chart", family), series, begins)


def _within(share: float, counted: Sequence[tuple[float, float]]) -> float:
    """The bound in seconds within which so many of the calls were; 0 where there was none."""
    wanted, seen, last = share * sum(number for _, number in counted), 0.0, 0.0
    for bound, number in counted:
        # Beyond the last bound nobody knows how long it took: at least so long.
        last = last if bound == float("inf") else bound
        seen += number
        if number and seen >= wanted:
            return last
    return 0.0
