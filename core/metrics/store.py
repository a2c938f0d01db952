"""The store: its commits, what waits for them, what failed, and how much room is left."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from core.metrics.calls import NUMBERS

#: Upper bounds in seconds: one fsync, from a good disk to one that hangs.
_COMMITS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


@dataclass(frozen=True, slots=True)
class StoreState:
    """A store at one moment."""

    #: Transactions that wait, and how many may.
    waiting: int
    most_waiting: int
    #: The room that is put by for a full disk is there.
    reserve_held: bool
    #: It has not given up writing.
    writable: bool
    database_bytes: int
    log_bytes: int
    #: Of the file system that the database is on.
    free_bytes: int


class StoreMetrics:
    """What a store counts, and what can be seen of it."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """Without a registry nobody asks for what is counted."""
        self._registry = registry
        self._commit_seconds = Histogram(
            "tokenhouse_store_commit_duration_seconds",
            "From the beginning of a group of transactions to its being on disk",
            buckets=_COMMITS,
            registry=registry,
        )
        self._commit_transactions = Histogram(
            "tokenhouse_store_commit_transactions",
            "Transactions that shared a commit",
            buckets=NUMBERS,
            registry=registry,
        )
        self._errors = Counter(
            "tokenhouse_store_errors", "Errors of the database, by kind", ("kind",), registry=registry
        )
        for kind in ("disk_full", "input_output", "corruption", "other"):
            self._errors.labels(kind)
        self._shed = Counter(
            "tokenhouse_store_shed_transactions",
            "Transactions refused because too many were waiting",
            registry=registry,
        )
        #: Count one refused because too many were waiting.
        self.shed: Callable[[int], None] = self._shed.inc

    def committed(self, transactions: int, seconds: float) -> None:
        """Count one group of transactions."""
        self._commit_transactions.observe(transactions)
        self._commit_seconds.observe(seconds)

    def failed(self, kind: str) -> None:
        """Count one error: disk_full, input_output, corruption or other."""
        self._errors.labels(kind).inc()

    def watch(self, look: Callable[[], StoreState]) -> None:
        """Look at the store whenever somebody asks."""
        if self._registry is not None:
            self._registry.register(_Watched(look))


class _Watched(Collector):
    def __init__(self, look: Callable[[], StoreState]) -> None:
        self._look = look

    def collect(self) -> Iterable[Metric]:
        state = self._look()
        for name, documentation, value in (
            ("waiting_transactions", "Transactions that wait for the writer", state.waiting),
            ("waiting_transactions_limit", "Waiting transactions beyond which more are refused", state.most_waiting),
            (
                "reserve_held",
                "1 while the room for a full disk is put by; 0: nothing new is issued",
                state.reserve_held,
            ),
            ("writable", "0 when the store has given up writing until a restart", state.writable),
            ("disk_free_bytes", "Room on the file system of the database", state.free_bytes),
        ):
            yield GaugeMetricFamily(f"tokenhouse_store_{name}", documentation, value=value)
        size = GaugeMetricFamily("tokenhouse_store_size_bytes", "Size of the database's files", labels=("file",))
        size.add_metric(["database"], state.database_bytes)
        size.add_metric(["log"], state.log_bytes)
        yield size
