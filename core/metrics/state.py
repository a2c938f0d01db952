"""What the core holds at this moment: keys, revocations, remembered tokens, its clock, its policy."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from core.domain.clock import ServingClock
from core.domain.keys.key_ring import KeyRing
from core.domain.keys.rotation import KeyRotation
from core.domain.keys.signing_key import KeyState
from core.domain.policy import PolicySource
from core.domain.tokens.revocations import Revocations
from core.domain.tokens.validation import Validation


@dataclass(frozen=True, slots=True)
class StateCollector(Collector):
    """Looks whenever somebody asks."""

    keys: KeyRing
    rotation: KeyRotation
    revocations: Revocations
    validation: Validation
    clock: ServingClock
    policy: PolicySource

    def collect(self) -> Iterable[Metric]:
        keys = self.keys.list_keys()
        states = Counter(key.state for key in keys)
        yield _by_label(
            "tokenhouse_signing_keys",
            "Signing keys by state",
            "state",
            {state.value: states[state] for state in KeyState},
        )
        yield GaugeMetricFamily(
            "tokenhouse_signing_key_created_timestamp_seconds",
            "When the key that signs was made, in seconds since the epoch",
            value=self.keys.signing.created_at,
        )
        published = self.keys.find_published()
        yield GaugeMetricFamily(
            "tokenhouse_signing_key_laggards",
            "Connected verifiers that have not acknowledged the key that signs next",
            value=0 if published is None else len(self.rotation.list_laggards(published)),
        )
        yield _by_label(
            "tokenhouse_revocations_in_memory",
            "Revocations that may concern a living token",
            "target",
            self.revocations.numbers(),
        )
        yield _by_label(
            "tokenhouse_validation_memory_entries",
            "What validation remembers, so that it reads no disk",
            "kind",
            self.validation.remembered(),
        )
        yield GaugeMetricFamily(
            "tokenhouse_clock_drift_seconds",
            "How far the wall clock is ahead of the time that is served",
            value=self.clock.drift(),
        )
        yield GaugeMetricFamily(
            "tokenhouse_clock_unconfirmed",
            "1 while nothing is deleted: the clock began far ahead of the last start's, and nobody has confirmed it",
            value=self.clock.unconfirmed,
        )
        yield GaugeMetricFamily(
            "tokenhouse_oauth_clients_enabled",
            "0 while Server.OAuthClientsEnabled is false",
            value=self.policy.current.clients_enabled,
        )


def _by_label(name: str, documentation: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, documentation, labels=(label,))
    for value, number in values.items():
        family.add_metric([value], number)
    return family
