"""What has been counted since the start, as plain numbers: for statistics, which keep them beyond it."""

from collections.abc import Mapping

from prometheus_client import Counter

from core.metrics.calls import CallMetrics
from core.metrics.outcomes import OutcomeMetrics

#: Whose durations are kept, by the end of their name.
_TIMED = {
    "TokenService/IssueToken": "token_latency",
    "TokenService/IssueTokens": "token_latency",
    "ValidationService/ValidateToken": "validation_latency",
    "ValidationService/ValidateTokens": "validation_latency",
    "ValidationService/StreamValidateTokens": "validation_latency",
    "SessionService/LogIn": "login_latency",
}


class Totals:
    """Reads counters; it counts nothing."""

    def __init__(self, outcomes: OutcomeMetrics, calls: CallMetrics) -> None:
        self._outcomes = outcomes
        self._calls = calls

    def read(self) -> Mapping[tuple[str, str], int]:
        """Each number by its family and name; what never happened is left out.

        Families: logins by result; tokens by grant type; refreshes by verdict; validations by result; refusals by
        reason; and the latencies, by the upper bound in seconds of each of their buckets.
        """
        found: dict[tuple[str, str], int] = {}

        def add(family: str, name: str, number: float) -> None:
            if number:
                found[family, name] = found.get((family, name), 0) + int(number)

        for labels, number in _samples(self._outcomes.logins):
            add("logins", labels["result"], number)
        for labels, number in _samples(self._outcomes.requested_tokens):
            if labels["grant_type"] == "refresh_token":
                add("refreshes", labels["verdict"], number)
            if labels["verdict"] in _ISSUED:
                add("tokens", labels["grant_type"], number)
        for result, count in self._outcomes.validations.items():
            add("validations", result, count.value)
        for labels, number in _samples(self._calls.refusals):
            add("refusals", labels["reason"], number)
        for (method, _code), bounds in self._calls.durations():
            family = _TIMED.get(method.removeprefix("tokenhouse.v1."))
            for bound, number in bounds if family else ():
                add(str(family), bound, number)
        return found


#: The verdicts after which somebody has a token.
_ISSUED = frozenset({"issued", "redeemed", "repeated", "rotated", "replayed"})


def _samples(counter: Counter) -> list[tuple[Mapping[str, str], float]]:
    return [
        (sample.labels, sample.value)
        for metric in counter.collect()
        for sample in metric.samples
        if sample.name.endswith("_total")
    ]
