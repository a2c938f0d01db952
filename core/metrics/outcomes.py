"""What came of the requests that matter: tokens, registrations, logins, validations, revocations."""

from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter

from core.domain.audit.act import Act
from core.domain.grants.redemption import CodeVerdict
from core.domain.grants.refresh_verdict import RefreshVerdict
from core.domain.tokens.change import Change, ChangeKind
from core.domain.tokens.validation import Inactive
from core.metrics.counting import Count, CountCollector

_REVOKED = {
    ChangeKind.GRANT_REVOKED: "grant",
    ChangeKind.CLIENT_REVOKED: "client",
    ChangeKind.SUBJECT_REVOKED: "user",
    ChangeKind.ALL_REVOKED: "everything",
    ChangeKind.KEY_WITHDRAWN: "signing_key",
}


class OutcomeMetrics:
    """Counters by outcome. Those that an alert waits for begin at zero, so that the first one is a rise."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requested_tokens = Counter(
            "tokenhouse_token_requests",
            "Token requests by grant type, and by verdict or error code",
            ("grant_type", "verdict"),
            registry=registry,
        )
        self.validations = {result: Count() for result in ("active", *Inactive)}
        registry.register(
            CountCollector(
                "tokenhouse_token_validations", "Validated access tokens by result", "result", self.validations
            )
        )
        self._registrations = Counter(
            "tokenhouse_client_registrations", "Client registrations by result", ("result",), registry=registry
        )
        self.logins = Counter("tokenhouse_logins", "Logins by result", ("result",), registry=registry)
        self._revocations = Counter(
            "tokenhouse_revocations", "Committed revocations by what they end", ("target",), registry=registry
        )
        for code_verdict in CodeVerdict:
            self.requested_tokens.labels("authorization_code", code_verdict)
            self.requested_tokens.labels("device_code", code_verdict)
        for refresh_verdict in RefreshVerdict:
            self.requested_tokens.labels("refresh_token", refresh_verdict)
        self.requested_tokens.labels("client_credentials", "issued")
        for result in ("succeeded", "login_failed", "too_many_attempts"):
            self.logins.labels(result)
        for target in _REVOKED.values():
            self._revocations.labels(target)
        #: Count one registration that was answered.
        self.registered = self._registrations.labels("registered").inc

    def token_requests(self, outcomes: Iterable[tuple[str, str]]) -> None:
        """Count pairs of grant type and verdict."""
        for (grant_type, verdict), number in Tally(outcomes).items():
            self.requested_tokens.labels(grant_type, verdict).inc(number)

    def validated(self, good: int, not_good: Iterable[Inactive | Exception]) -> None:
        """Count validated tokens. Exceptions are refusals, which are counted as such."""
        if good:
            self.validations["active"].add(good)
        for each in not_good:
            if isinstance(each, Inactive):
                self.validations[each].add()

    def registration(self, reason: str) -> None:
        """Count a registration that was refused for this ErrorInfo reason."""
        self._registrations.labels(reason.lower()).inc()

    def login(self, result: str) -> None:
        """Count a login: SUCCEEDED, or the ErrorInfo reason of its refusal."""
        self.logins.labels(result.lower()).inc()

    def tallies(self) -> Mapping[tuple[Act, str], int]:
        """How often everything happened since the start, by what and by what came of it."""
        counted: Tally[tuple[Act, str]] = Tally()
        for labels, number in _samples(self.requested_tokens):
            act = Act.REFRESH if labels["grant_type"] == "refresh_token" else Act.TOKEN
            counted[act, labels["verdict"]] += number
        for act, counter in ((Act.LOGIN, self.logins), (Act.REGISTRATION, self._registrations)):
            for labels, number in _samples(counter):
                counted[act, labels["result"]] += number
        for result, count in self.validations.items():
            counted[Act.VALIDATION, result] += count.value
        return counted

    def revoked(self, changes: Sequence[Change]) -> None:
        """Count the revocations among committed changes; never fails, for the writer would write no more."""
        for change in changes:
            target = _REVOKED.get(change.kind)
            if target is not None:
                self._revocations.labels(target).inc()


def _samples(counter: Counter) -> Iterator[tuple[dict[str, str], int]]:
    for metric in counter.collect():
        for sample in metric.samples:
            if sample.name.endswith("_total"):
                yield sample.labels, int(sample.value)
