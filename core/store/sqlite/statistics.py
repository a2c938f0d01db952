"""Buckets of figures in SQLite: a ring for each period, so that there are never more rows than places in it."""

import json
from collections import Counter
from collections.abc import Sequence

from core.domain.administration.statistics import Bucket, Figures, Period
from core.store.sqlite.statements import Statements, WritingStatements

_LIST = "SELECT began_at, figures FROM statistics WHERE period = ?"
_FIND = "SELECT figures FROM statistics WHERE period = ? AND place = ? AND began_at = ?"
_PUT = """
    INSERT INTO statistics (period, place, began_at, figures) VALUES (?, ?, ?, ?)
    ON CONFLICT (period, place) DO UPDATE SET began_at = excluded.began_at, figures = excluded.figures
"""


class StatisticsReads(Statements):
    """`core.domain.administration.statistics.StatisticsFacts`."""

    def list_buckets(self, period: Period) -> Sequence[Bucket]:
        return [Bucket(row[0], _split(row[1])) for row in self.rows(_LIST, (period.label,))]


class StatisticsWrites(WritingStatements):
    """`core.domain.administration.statistics.StatisticsIntents`."""

    def add_to_bucket(self, period: Period, bucket: Bucket) -> None:
        place = bucket.began_at // period.seconds % period.buckets
        row = self.row(_FIND, (period.label, place, bucket.began_at))
        figures = Counter(bucket.figures)
        if row is not None:
            figures.update(_split(row[0]))
        self.count(_PUT, (period.label, place, bucket.began_at, _join(figures)))


def _join(figures: Figures) -> str:
    families: dict[str, dict[str, int]] = {}
    for (family, name), number in figures.items():
        families.setdefault(family, {})[name] = number
    return json.dumps(families, separators=(",", ":"))


def _split(text: str) -> Figures:
    return {(family, name): number for family, names in json.loads(text).items() for name, number in names.items()}
