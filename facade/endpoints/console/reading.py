"""The pages of the console that show something: one question or two, and the page that shows the answers."""

from sanic import HTTPResponse, Request
from tokenhouse.v1 import audit_admin_pb2 as audit_pb
from tokenhouse.v1 import client_admin_pb2 as clients_pb
from tokenhouse.v1 import connection_admin_pb2 as connections_pb
from tokenhouse.v1 import grant_admin_pb2 as grants_pb
from tokenhouse.v1 import key_admin_pb2 as keys_pb
from tokenhouse.v1 import limit_admin_pb2 as limits_pb
from tokenhouse.v1 import overview_admin_pb2 as overview_pb
from tokenhouse.v1 import statistics_admin_pb2 as statistics_pb
from tokenhouse.v1 import user_admin_pb2 as users_pb
from tokenhouse.v1.console_pb2 import LookRequest

from facade.endpoints.console.looking import look, query_of
from facade.errors import Refusal
from facade.facade import Facade
from facade.pages.console import audit, clients, connections, grants, keys, limits, overview, statistics, users

_PAGE = 50
#: Of what a page shows beside what it is about.
_SOME = 10
#: Digits of a number that fits into the contract.
_LONGEST_NUMBER = 18
_PERIODS = {
    "hour": statistics_pb.STATISTICS_PERIOD_HOUR,
    "day": statistics_pb.STATISTICS_PERIOD_DAY,
    "month": statistics_pb.STATISTICS_PERIOD_MONTH,
}


async def show_overview(request: Request, facade: Facade) -> HTTPResponse:
    """How much there is, and who has connected something lately."""
    return await look(
        request,
        facade,
        overview.overview_page,
        LookRequest(get_overview=overview_pb.GetOverviewRequest()),
        LookRequest(list_grants=grants_pb.ListGrantsRequest(page_size=_SOME)),
    )


async def show_clients(request: Request, facade: Facade) -> HTTPResponse:
    """Clients by their ids, a page at a time; all, or those whose name or id holds what was typed."""
    after, containing = _after_and_containing(request)
    question = clients_pb.ListClientsRequest(page_size=_PAGE, after_client_id=after, containing=containing)
    return await look(request, facade, clients.clients_page_of(containing), LookRequest(list_clients=question))


async def show_client(request: Request, facade: Facade) -> HTTPResponse:
    """One client, and its newest grants."""
    client_id = query_of(request).require("client_id")
    return await look(
        request,
        facade,
        clients.client_page,
        LookRequest(get_client=clients_pb.GetClientRequest(client_id=client_id)),
        LookRequest(list_grants=grants_pb.ListGrantsRequest(client_id=client_id, page_size=_SOME)),
    )


async def show_users(request: Request, facade: Facade) -> HTTPResponse:
    """Users by name, a page at a time; all, or those whose name holds what was typed."""
    after, containing = _after_and_containing(request)
    question = users_pb.ListUsersRequest(page_size=_PAGE, after_username=after, containing=containing)
    return await look(request, facade, users.users_page_of(containing), LookRequest(list_users=question))


async def show_user(request: Request, facade: Facade) -> HTTPResponse:
    """One user, and their newest grants."""
    username = query_of(request).require("username")
    return await look(
        request,
        facade,
        users.user_page,
        LookRequest(get_user=users_pb.GetUserRequest(username=username)),
        LookRequest(list_grants=grants_pb.ListGrantsRequest(username=username, page_size=_SOME)),
    )


async def show_grants(request: Request, facade: Facade) -> HTTPResponse:
    """Grants, newest first, of everybody or of one user or client; also those that ended, where that is asked for."""
    query = query_of(request)
    question = grants_pb.ListGrantsRequest(
        username=query.find("username") or "",
        client_id=query.find("client_id") or "",
        include_ended=query.find("ended") == "1",
        page_size=_PAGE,
        page_token=query.find("page") or "",
    )
    return await look(request, facade, grants.grants_page_of(question), LookRequest(list_grants=question))


async def show_grant(request: Request, facade: Facade) -> HTTPResponse:
    """One grant: from the consent to the last refresh, or to its end, and what was decided about it."""
    grant_id = query_of(request).require("grant_id")
    return await look(
        request,
        facade,
        grants.grant_page,
        LookRequest(get_grant=grants_pb.GetGrantRequest(grant_id=grant_id)),
        LookRequest(list_audit_records=audit_pb.ListAuditRecordsRequest(target=grant_id, page_size=_SOME)),
    )


async def show_keys(request: Request, facade: Facade) -> HTTPResponse:
    """Signing keys and connected verifiers."""
    return await look(request, facade, keys.keys_page, LookRequest(list_keys=keys_pb.ListKeysRequest()))


async def show_connections(request: Request, facade: Facade) -> HTTPResponse:
    """Attempts to connect, of every client or of one."""
    client_id = query_of(request).find("client_id") or ""
    question = connections_pb.ListConnectionAttemptsRequest(client_id=client_id, page_size=_PAGE)
    return await look(request, facade, connections.connections_page, LookRequest(list_connection_attempts=question))


async def show_statistics(request: Request, facade: Facade) -> HTTPResponse:
    """What happened in the last hour, day or month."""
    period = query_of(request).find("period") or "day"
    if period not in _PERIODS:
        raise Refusal("NOT_FOUND", "There is no such period.")
    question = statistics_pb.GetStatisticsRequest(period=_PERIODS[period])
    show = statistics.statistics_page_of(period, tuple(_PERIODS))
    return await look(request, facade, show, LookRequest(get_statistics=question))


async def show_audit(request: Request, facade: Facade) -> HTTPResponse:
    """What was decided, newest first, of everybody or of one user, client, network or request."""
    query = query_of(request)
    before = query.find("before") or "0"
    if not before.isascii() or not before.isdigit() or len(before) > _LONGEST_NUMBER:
        raise Refusal("NOT_FOUND", "There is no such page.")
    about = {name: query.find(name) or "" for name in audit.FILTERS}
    question = audit_pb.ListAuditRecordsRequest(
        page_size=_PAGE,
        before_number=int(before),
        user=about["user"],
        client_id=about["client_id"],
        network=about["network"],
        correlation_id=about["correlation_id"],
    )
    return await look(request, facade, audit.audit_page_of(about), LookRequest(list_audit_records=question))


async def show_limits(request: Request, facade: Facade) -> HTTPResponse:
    """Whose tries are not all there, and whose are used up."""
    query = query_of(request)
    question = limits_pb.ListLimitsRequest(
        page_size=_PAGE, after_limit_id=query.find("after") or "", used_up=query.find("used_up") == "1"
    )
    return await look(request, facade, limits.limits_page_of(question), LookRequest(list_limits=question))


def _after_and_containing(request: Request) -> tuple[str, str]:
    query = query_of(request)
    return query.find("after") or "", (query.find("containing") or "").strip()
