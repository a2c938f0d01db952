"""Services are told apart by their certificates, and each may do what its entry lists: the rest is refused."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import grpc
import pytest
from cryptography import x509
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from tokenhouse.v1 import changes_pb2, changes_pb2_grpc, grant_admin_pb2, validation_pb2, validation_pb2_grpc

from core.domain.policy import Service, ServiceCaller
from core.rpc.callers import MAY_CALL, Caller, listed_as, may_call
from core.rpc.service_callers import Identity, ServiceCallers
from tests.certificates import Authority, dns, spiffe
from tests.patience import PATIENCE
from tests.rpc.batches import conversing
from tests.rpc.contract import OURS, call_raw, empty_request
from tests.rpc.road import Road, read_refusal
from tests.rpc.service_calls import MUTUAL_TLS, ask, calling, reason_of_refusal, serving_over_tls
from tests.rpc.watching import watching
from tests.serving import DEADLINE, ISSUER, Serving

REPORTS = "https://reports.example.com/api"
MAIL = "https://mail.example.com/"
CALLERS = f"""
Caller = spiffe://example.com/reports: ValidationService, ChangesService, {REPORTS}
Caller = mail.internal: ValidationService, {MAIL}
Caller = watcher.internal: ChangesService
Caller = curious.internal: ServerReflection
Reflection = true
"""
DENIED = (grpc.StatusCode.PERMISSION_DENIED, "CALLER_NOT_ALLOWED")
UNKNOWN = (grpc.StatusCode.UNAUTHENTICATED, "CALLER_UNKNOWN")


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Serving]:
    """A core that tells its callers apart."""
    with serving_over_tls(tmp_path_factory.mktemp("core"), authority, MUTUAL_TLS + CALLERS) as core:
        yield core


@pytest.fixture
def reports(serving: Serving, authority: Authority) -> Iterator[grpc.Channel]:
    """The service that is known by its SPIFFE ID."""
    with calling(serving, authority.credentials(authority.issue(spiffe("reports")))) as channel:
        yield channel


def test_a_service_sees_as_active_its_own_tokens_and_server_wide_ones(
    road: Road, reports: grpc.Channel, serving: Serving, authority: Authority
) -> None:
    """README, Services on other machines: a token of another audience is not even asked for."""
    own, other = road.connect(resource=REPORTS).access_token, road.connect(resource=MAIL).access_token
    server_wide = road.connect().access_token
    assert ask(reports, own, REPORTS).active
    assert ask(reports, own, "HTTPS://reports.example.com:443/api").active
    assert not ask(reports, other, REPORTS).active
    assert ask(reports, server_wide, REPORTS).active
    assert ask(reports, server_wide, ISSUER).active
    assert reason_of_refusal(reports, MAIL) == DENIED
    with calling(serving, authority.credentials(authority.issue(dns("Mail.internal")))) as mail:
        assert ask(mail, other, MAIL).active
        assert reason_of_refusal(mail, REPORTS) == DENIED


def test_in_a_batch_another_audience_is_refused_alone(road: Road, reports: grpc.Channel) -> None:
    """validation.proto: one status per item."""
    token = road.connect(resource=REPORTS).access_token
    requests = [validation_pb2.ValidateTokenRequest(token=token, audience=each) for each in (REPORTS, MAIL, REPORTS)]
    stub = validation_pb2_grpc.ValidationServiceStub(reports)
    answer = stub.ValidateTokens(validation_pb2.ValidateTokensRequest(requests=requests), timeout=DEADLINE)
    assert [result.response.active for result in answer.results] == [True, False, True]
    assert answer.results[1].error.reason == "CALLER_NOT_ALLOWED"


def test_callers_who_ask_at_once_are_not_mixed_up(
    reports: grpc.Channel, serving: Serving, authority: Authority
) -> None:
    """Each call has its own caller's audiences, whichever thread answered whom before."""
    with (
        calling(serving, authority.credentials(authority.issue(dns("mail.internal")))) as mail,
        ThreadPoolExecutor(8) as threads,
    ):
        refusals = [
            (threads.submit(reason_of_refusal, reports, MAIL), threads.submit(reason_of_refusal, mail, REPORTS))
            for _ in range(50)
        ]
        assert {future.result(PATIENCE) for pair in refusals for future in pair} == {DENIED}


def test_who_calls_is_found_out_once(reports: grpc.Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard hands on what it found: a certificate's names are read, and a token is hashed, once for a call."""
    identified: list[Identity] = []
    identify = ServiceCallers.identify

    def note(callers: ServiceCallers, context: grpc.ServicerContext) -> Identity:
        identified.append(identify(callers, context))
        return identified[-1]

    monkeypatch.setattr(ServiceCallers, "identify", note)
    assert not ask(reports, "any", REPORTS).active
    assert identified == [Identity(("spiffe://example.com/reports",))]


def test_server_wide_tokens_need_the_setting(road: Road, reports: grpc.Channel, serving: Serving) -> None:
    """OAuth.ServerWideTokens = false: the issuer is no caller's audience, and a token for it is good nowhere."""
    token = road.connect().access_token
    policy = serving.config.policy()
    serving.core.change_policy(replace(policy, server_wide_tokens=False))
    try:
        assert not ask(reports, token, REPORTS).active
        assert reason_of_refusal(reports, ISSUER) == DENIED
    finally:
        serving.core.change_policy(policy)
    assert ask(reports, token, ISSUER).active


@pytest.mark.parametrize(
    "names",
    [
        (),
        (dns("stranger.internal"),),
        (dns("*.internal"),),
        (dns("mail.internal.example"),),
        (x509.RFC822Name("mail.internal"),),
        (spiffe("reports/other"),),
        (spiffe("reports"), spiffe("other")),
        (spiffe("other"), dns("mail.internal")),
        (x509.UniformResourceIdentifier("https://mail.internal"),),
    ],
    ids=lambda names: "+".join(str(name.value) for name in names),
)
def test_who_is_not_listed_may_ask_nothing(
    serving: Serving, authority: Authority, names: tuple[x509.GeneralName, ...]
) -> None:
    """X509-SVID §2: one SPIFFE ID, or nobody. A common name, a mail address and what a caller writes name nobody."""
    credentials = authority.credentials(authority.issue(*names, common_name="mail.internal"))
    pretence = (("x-caller", "mail.internal"), ("x-forwarded-client-cert", "DNS=mail.internal"))
    with calling(serving, credentials) as channel:
        assert reason_of_refusal(channel, MAIL, pretence) == UNKNOWN
        assert reason_of_refusal(channel, MAIL, (("authorization", "Bearer mail.internal"),)) == UNKNOWN


def test_several_dns_names_are_several_callers(serving: Serving, authority: Authority) -> None:
    """A certificate says who somebody is as often as it has a name."""
    both = authority.issue(dns("mail.internal"), dns("watcher.internal"), dns("unlisted.internal"))
    with calling(serving, authority.credentials(both)) as channel:
        assert not ask(channel, "any", MAIL).active
        with watching(channel) as watch:
            assert watch.messages


def test_no_certificate_no_connection(serving: Serving, authority: Authority) -> None:
    """ClientCAFile: nobody is heard without a certificate of it, in plaintext or otherwise."""
    stranger = Authority().issue(dns("mail.internal"))
    expired = authority.issue(dns("mail.internal"), days=-1)
    for credentials in (authority.credentials(), authority.credentials(stranger), authority.credentials(expired)):
        with calling(serving, credentials) as channel:
            assert reason_of_refusal(channel, MAIL) == (grpc.StatusCode.UNAVAILABLE, "")
    assert reason_of_refusal(serving.channels["service"], MAIL) == (grpc.StatusCode.UNAVAILABLE, "")


def test_every_method_is_listed_under_a_service_or_everybodys() -> None:
    """Deny by default: a new method of the services' port cannot be forgotten in what `Caller` lists."""
    everybodys = {method for method in MAY_CALL if Caller.SERVICE in MAY_CALL[method] and listed_as(method) is None}
    assert {method.split("/")[1] for method in everybodys} == {"grpc.health.v1.Health"}
    assert {listed_as(method) for method in MAY_CALL} - {None} == set(Service)


@pytest.mark.parametrize("method", [method for method in OURS if may_call(Caller.SERVICE, method)])
def test_each_method_for_each_caller(serving: Serving, authority: Authority, method: str) -> None:
    """Listed: answered, or refused by the rules. Not listed: PERMISSION_DENIED."""
    for caller in serving.config.grpc.callers:
        name = spiffe("reports") if caller.name.startswith("spiffe:") else dns(caller.name)
        with calling(serving, authority.credentials(authority.issue(name))) as channel:
            try:
                call_raw(channel, method, empty_request(method))
            except grpc.RpcError as error:
                refusal = read_refusal(error)
                assert ((refusal.code, refusal.reason) == DENIED) is (listed_as(method) not in caller.services)
            else:
                assert listed_as(method) in caller.services


def test_health_is_everybodys_who_connects(serving: Serving, authority: Authority) -> None:
    """A probe needs no entry."""
    with calling(serving, authority.credentials(authority.issue(dns("probe.internal")))) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        assert stub.Check(health_pb2.HealthCheckRequest(), timeout=PATIENCE).status


@pytest.mark.parametrize(("name", "expected"), [("curious.internal", None), ("mail.internal", DENIED)])
def test_reflection_needs_an_entry(
    serving: Serving, authority: Authority, name: str, expected: tuple[grpc.StatusCode, str] | None
) -> None:
    """Grpc.Reflection = true, and an entry that lists ServerReflection."""
    with calling(serving, authority.credentials(authority.issue(dns(name)))) as channel:
        make: Any = reflection_pb2_grpc.ServerReflectionStub
        stub = make(channel)
        answers = stub.ServerReflectionInfo(
            iter([reflection_pb2.ServerReflectionRequest(list_services="")]), timeout=PATIENCE
        )
        if expected is None:
            assert next(answers).list_services_response.service
            return
        with pytest.raises(grpc.RpcError) as caught:
            next(answers)
        refusal = read_refusal(caught.value)
        assert (refusal.code, refusal.reason) == expected


def test_a_reload_counts_at_once(serving: Serving, reports: grpc.Channel) -> None:
    """README ↻: who is no longer listed is refused on the open connection, and its stream ends; adding works alike."""
    policy = serving.config.policy()
    name = "spiffe://example.com/reports"
    others = tuple(caller for caller in policy.callers if caller.name != name)
    with watching(reports) as watch:
        serving.core.change_policy(replace(policy, callers=others))
        try:
            refusal = read_refusal(watch.wait_for_end())
            assert (refusal.code, refusal.reason) == UNKNOWN
            assert reason_of_refusal(reports, REPORTS) == UNKNOWN
            narrowed = ServiceCaller(name, (Service.CHANGES,), (REPORTS,))
            serving.core.change_policy(replace(policy, callers=(*others, narrowed)))
            assert reason_of_refusal(reports, REPORTS) == DENIED
            serving.core.change_policy(replace(policy, callers=()))
            assert reason_of_refusal(reports, REPORTS) == UNKNOWN
        finally:
            serving.core.change_policy(policy)
    assert not ask(reports, "any", REPORTS).active


def test_a_reload_counts_for_the_next_batch_of_a_stream(road: Road, serving: Serving, reports: grpc.Channel) -> None:
    """Another service's audience is refused alone; who is narrowed or listed no more is told so at the end."""
    policy, token = serving.config.policy(), road.connect(resource=REPORTS).access_token
    name = "spiffe://example.com/reports"
    others = tuple(caller for caller in policy.callers if caller.name != name)
    narrowed = ServiceCaller(name, (Service.CHANGES,), (REPORTS,))
    for callers, expected in (((*others, narrowed), DENIED), (others, UNKNOWN)):
        with conversing(reports) as stream:
            assert stream.ask(token, audience=REPORTS).results[0].response.active
            assert stream.ask(token, audience=MAIL).results[0].error.reason == "CALLER_NOT_ALLOWED"
            serving.core.change_policy(replace(policy, callers=callers))
            try:
                stream.put(token, audience=REPORTS)
                refusal = stream.refusal()
            finally:
                serving.core.change_policy(policy)
            assert (refusal.code, refusal.reason) == expected


def test_a_service_tells_of_its_own_uses_alone(serving: Serving, road: Road, reports: grpc.Channel) -> None:
    """changes.proto, AcknowledgeKeysRequest: what it says for another service is not noted, and is no refusal."""
    road.connect()
    listed = grant_admin_pb2.ListGrantsRequest(username=road.username)
    [grant] = serving.grants.ListGrants(listed, timeout=DEADLINE).grants
    stub = changes_pb2_grpc.ChangesServiceStub(reports)
    with watching(reports) as watch:
        watch.wait_for(lambda: bool(watch.messages), "the first message")
        for audience in (MAIL, "no resource", "", REPORTS):
            request = changes_pb2.AcknowledgeKeysRequest(
                watch_id=watch.messages[0].watch_id, audience=audience, used_grant_ids=[grant.grant_id]
            )
            assert stub.AcknowledgeKeys(request, timeout=DEADLINE).now_ms > 0
    serving.core._uses.write_down()
    shown = grant_admin_pb2.GetGrantRequest(grant_id=grant.grant_id)

    assert [use.service for use in serving.grants.GetGrant(shown, timeout=DEADLINE).grant.uses] == [REPORTS]
