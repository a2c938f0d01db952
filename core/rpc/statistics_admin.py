"""StatisticsAdminService, for operators."""

import grpc
from tokenhouse.v1 import statistics_admin_pb2 as pb
from tokenhouse.v1 import statistics_admin_pb2_grpc

from core.domain.administration.statistics import Bucket, Period, Statistics
from core.domain.errors import InvalidArgument

_PERIODS = {
    pb.STATISTICS_PERIOD_UNSPECIFIED: Period.HOUR,
    pb.STATISTICS_PERIOD_HOUR: Period.HOUR,
    pb.STATISTICS_PERIOD_DAY: Period.DAY,
    pb.STATISTICS_PERIOD_MONTH: Period.MONTH,
}


class StatisticsAdminServicer(statistics_admin_pb2_grpc.StatisticsAdminServiceServicer):
    """Proto → figures → proto."""

    def __init__(self, statistics: Statistics) -> None:
        self._statistics = statistics

    def GetStatistics(
        self, request: pb.GetStatisticsRequest, context: grpc.ServicerContext
    ) -> pb.GetStatisticsResponse:
        period = _PERIODS.get(request.period)
        if period is None:
            raise InvalidArgument("the period is an hour, a day or a month")
        return pb.GetStatisticsResponse(
            buckets=map(_write, self._statistics.read(period)), bucket_seconds=period.seconds
        )


def _write(bucket: Bucket) -> pb.StatisticsBucket:
    figures = [
        pb.StatisticsFigure(family=family, name=name, number=number)
        for (family, name), number in sorted(bucket.figures.items())
    ]
    return pb.StatisticsBucket(began_at=bucket.began_at, figures=figures)
