"""`tokenhouse statistics`."""

from collections import Counter

import click
from tokenhouse.v1 import statistics_admin_pb2 as pb
from tokenhouse.v1.statistics_admin_pb2_grpc import StatisticsAdminServiceStub

from core.cli.admin import DEADLINE, admin_channel, as_json_value
from core.cli.invocation import OperatorCommand
from core.cli.output import json_option, print_json, print_table

_PERIODS = {
    "hour": pb.STATISTICS_PERIOD_HOUR,
    "day": pb.STATISTICS_PERIOD_DAY,
    "month": pb.STATISTICS_PERIOD_MONTH,
}


@click.command(cls=OperatorCommand)
@click.argument("period", type=click.Choice(list(_PERIODS)), default="hour")
@json_option
def statistics(period: str, as_json: bool) -> None:
    """Say how much happened in the last hour, day or month; with --json for each part of it."""
    request = pb.GetStatisticsRequest(period=_PERIODS[period])
    with admin_channel() as channel:
        seen = StatisticsAdminServiceStub(channel).GetStatistics(request, timeout=DEADLINE)
    if as_json:
        print_json(as_json_value(seen))
        return
    sums: Counter[tuple[str, str]] = Counter()
    for bucket in seen.buckets:
        sums.update({(figure.family, figure.name): figure.number for figure in bucket.figures})
    rows = [
        {"What": family, "Kind": name, "How often": number}
        for (family, name), number in sorted(sums.items())
        if not family.endswith("_latency")
    ]
    print_table(rows, f"Nothing happened in the last {period}.")
