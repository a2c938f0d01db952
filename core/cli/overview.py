"""`tokenhouse overview`."""

import click
from tokenhouse.v1 import overview_admin_pb2 as pb
from tokenhouse.v1.overview_admin_pb2_grpc import OverviewAdminServiceStub

from core.cli.admin import DEADLINE, admin_channel, as_json_value
from core.cli.invocation import OperatorCommand
from core.cli.output import json_option, print_facts, print_json


@click.command(cls=OperatorCommand)
@json_option
def overview(as_json: bool) -> None:
    """Count clients, users, grants and connected verifiers."""
    with admin_channel() as channel:
        seen = OverviewAdminServiceStub(channel).GetOverview(pb.GetOverviewRequest(), timeout=DEADLINE)
    if as_json:
        print_json(as_json_value(seen))
        return
    facts = {
        "Clients": f"{seen.clients}, {seen.blocked_clients} of them blocked",
        "Users": f"{seen.users}, {seen.disabled_users} of them disabled",
        "Live grants": seen.live_grants,
        "Browser sessions": seen.live_sessions,
        "Connected verifiers": seen.connected_verifiers,
        "Signing key": seen.signing_key_id,
        "Clock": "in doubt: see `tokenhouse clock show`" if seen.clock_unconfirmed else "trusted",
    }
    print_facts(facts)
