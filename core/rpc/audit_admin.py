"""AuditAdminService, for operators."""

from collections.abc import Mapping
from typing import Any

import grpc
from tokenhouse.v1 import audit_admin_pb2 as pb
from tokenhouse.v1 import audit_admin_pb2_grpc

from core.domain.administration.audit import AuditAdministration
from core.domain.audit.act import Act, ActorKind, Result
from core.domain.audit.record import AuditQuery, AuditRecord
from core.rpc.paging import require_page_size

_ACTS = {each: getattr(pb, f"AUDIT_ACT_{each.name}", pb.AUDIT_ACT_UNSPECIFIED) for each in Act}
_RESULTS = {each: getattr(pb, f"AUDIT_RESULT_{each.name}", pb.AUDIT_RESULT_UNSPECIFIED) for each in Result}
_KINDS = {each: getattr(pb, f"AUDIT_ACTOR_KIND_{each.name}", pb.AUDIT_ACTOR_KIND_UNSPECIFIED) for each in ActorKind}
_ACT_OF = {value: act for act, value in _ACTS.items()}
_RESULT_OF = {value: result for result, value in _RESULTS.items()}


class AuditAdminServicer(audit_admin_pb2_grpc.AuditAdminServiceServicer):
    """Proto → look into the audit trail → proto."""

    def __init__(self, audit: AuditAdministration) -> None:
        self._audit = audit

    def ListAuditRecords(
        self, request: pb.ListAuditRecordsRequest, context: grpc.ServicerContext
    ) -> pb.ListAuditRecordsResponse:
        query = AuditQuery(
            # What this server does not know, no record of its own has.
            acts=tuple(_ACT_OF.get(act, Act.UNKNOWN) for act in request.acts),
            results=tuple(_RESULT_OF.get(result, Result.UNKNOWN) for result in request.results),
            client_id=request.client_id,
            network=request.network,
            correlation_id=request.correlation_id,
            target=request.target,
            since=request.since if request.HasField("since") else None,
            until=request.until if request.HasField("until") else None,
        )
        records, has_more = self._audit.list(
            query,
            user=request.user,
            limit=require_page_size(request.page_size),
            after=request.after_number if request.HasField("after_number") else None,
            before=request.before_number,
        )
        users, clients = self._audit.name(records)
        return pb.ListAuditRecordsResponse(
            records=[_write(record, users, clients) for record in records], has_more=has_more
        )

    def ListAuditCounts(
        self, request: pb.ListAuditCountsRequest, context: grpc.ServicerContext
    ) -> pb.ListAuditCountsResponse:
        counts = self._audit.count(since=request.since, until=request.until)
        return pb.ListAuditCountsResponse(
            counts=[
                pb.AuditCount(hour=each.hour, act=_ACTS[each.act], reason=each.reason, count=each.count)
                for each in counts
            ]
        )


def _write(record: AuditRecord, users: Mapping[str, str], clients: Mapping[str, tuple[str, str]]) -> pb.AuditRecord:
    act: Any = _ACTS[record.act]
    client_name, client_host = clients.get(record.client_id, ("", ""))
    return pb.AuditRecord(
        number=record.number,
        at=record.at,
        act=act,
        result=_RESULTS[record.result],
        reason=record.reason,
        actor_kind=_KINDS[record.actor.kind],
        actor=record.actor.name,
        actor_name=record.actor.shown_name,
        subject=record.subject,
        client_id=record.client_id,
        target=record.target,
        network=record.network,
        correlation_id=record.correlation_id,
        count=record.count,
        subject_name=users.get(record.subject, ""),
        client_name=client_name,
        client_host=client_host,
    )
