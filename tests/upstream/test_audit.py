"""What logins at another provider leave in the audit trail."""

from tokenhouse.v1 import audit_admin_pb2

from tests.rpc.audit_scenes import records
from tests.serving import DEADLINE
from tests.upstream.road import Away


def test_what_a_login_decides_is_in_the_audit_trail(away: Away) -> None:
    """Whoever was signed in, made and given groups, with the provider, the network and the request's number."""
    away.know(groups=["IT Admins"])
    request, number = away.finishing(away.answer()), (("tokenhouse-correlation-id", "0123456789ab"),)
    away.serving.upstream.FinishUpstreamLogin(request, timeout=DEADLINE, metadata=number)
    found = records(away.serving, user=away.account)

    subject, name = away.user().subject, away.account
    assert [(each.act, each.reason, each.target) for each in found] == [
        (audit_admin_pb2.AUDIT_ACT_GROUPS_SET, "+operators", name),
        (audit_admin_pb2.AUDIT_ACT_LOGIN, "upstream", "company"),
        (audit_admin_pb2.AUDIT_ACT_USER_CREATE, "", name),
    ]
    assert {(each.actor, each.actor_name, each.subject) for each in found} == {(subject, name, subject)}
    assert {(each.correlation_id, each.network) for each in found} == {("0123456789ab", away.network)}
