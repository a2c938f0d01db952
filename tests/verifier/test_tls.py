"""The verifier over TLS: with a certificate, or with a token, it does what it does in plaintext."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256

import grpc
import pytest
from tokenhouse.v1 import grant_admin_pb2
from tokenhouse_verifier import memory
from tokenhouse_verifier.errors import InvalidToken, Unavailable

from tests.certificates import Authority, spiffe
from tests.fakes.clock import RunningClock
from tests.rpc.batches import streams_of
from tests.rpc.road import Road
from tests.rpc.service_calls import MUTUAL_TLS, TLS, write_certificates
from tests.serving import DEADLINE, Serving
from tests.verifier.doors.examples import examples_of
from tests.verifier.forms import FORMS, follow, refusal_of, verifying, wait_until, wait_until_refused

REPORTS = "https://reports.example.com/api"
TOKEN = "the token of reports"
_LISTED = f"ValidationService, ChangesService, {REPORTS}"
WAYS = {
    "certificate": f"{MUTUAL_TLS}Caller = spiffe://example.com/reports: {_LISTED}",
    "token": f"{TLS}Caller = reports: {_LISTED}\nCallerToken = reports: {sha256(TOKEN.encode()).hexdigest()}",
}


@pytest.fixture(scope="module")
def authority() -> Authority:
    """Who issues the core's certificate, and the service's."""
    return Authority()


@pytest.fixture(scope="module", params=WAYS)
def serving(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, authority: Authority
) -> Iterator[Serving]:
    """A core that tells its callers apart."""
    folder = tmp_path_factory.mktemp("core")
    write_certificates(folder, authority)
    with Serving(folder, WAYS[request.param], RunningClock()) as core:
        yield core


@pytest.fixture
def credentials(serving: Serving, authority: Authority) -> grpc.ChannelCredentials:
    """What verifier/README.md tells a service to use: its two examples, run."""
    with_certificate, with_token = examples_of("## Over TLS")
    issued = authority.issue(spiffe("reports"))
    names: dict[str, object] = {
        "core_ca": authority.pem,
        "private_key": issued.key,
        "certificate_chain": issued.certificate,
        "token": TOKEN,
    }
    exec(with_token if serving.config.grpc.caller_tokens else with_certificate, names)  # noqa: S102
    credentials = names["credentials"]
    assert isinstance(credentials, grpc.ChannelCredentials)
    return credentials


@pytest.mark.parametrize("form", FORMS)
def test_tokens_and_changes_over_tls(
    road: Road, serving: Serving, credentials: grpc.ChannelCredentials, form: str
) -> None:
    """verifier/README.md, `credentials`: a token is verified, remembered, and refused once it is revoked."""
    target = f"127.0.0.1:{serving.config.grpc.listen.port}"
    token = road.connect(resource=REPORTS).access_token
    with verifying(form, target, audience=REPORTS, credentials=credentials) as verifier:
        verified = follow(verifier, token)
        serving.grants.RevokeGrant(grant_admin_pb2.RevokeGrantRequest(grant_id=verified.grant_id), timeout=DEADLINE)
        assert isinstance(wait_until_refused(verifier, token), InvalidToken)


@pytest.mark.parametrize("form", FORMS)
def test_who_is_listed_no_more_is_answered_no_more(
    road: Road, serving: Serving, credentials: grpc.ChannelCredentials, form: str
) -> None:
    """README ↻: a reload counts for the next question, also on a stream that is open; and so does the one after it."""
    target = f"127.0.0.1:{serving.config.grpc.listen.port}"
    first, second, third = (road.connect(resource=REPORTS).access_token for _ in range(3))
    policy = serving.config.policy()
    with verifying(form, target, audience=REPORTS, credentials=credentials) as verifier:
        verifier.verify(first, timeout=DEADLINE)
        assert streams_of(serving).room.taken
        serving.core.change_policy(replace(policy, callers=(), caller_tokens=()))
        try:
            refusal = refusal_of(verifier, second, timeout=DEADLINE)
        finally:
            serving.core.change_policy(policy)
        assert isinstance(refusal, Unavailable)
        assert "CALLER_UNKNOWN" in refusal.description
        assert verifier.verify(third, timeout=DEADLINE).username == road.username


def test_nor_from_memory(
    road: Road, serving: Serving, credentials: grpc.ChannelCredentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    """verifier/README.md, Over TLS: while the core refuses the service every token is Unavailable, remembered ones too;
    that does not wait until the changes have been silent for long."""
    monkeypatch.setattr(memory, "SILENCE", 3600.0)
    target = f"127.0.0.1:{serving.config.grpc.listen.port}"
    token = road.connect(resource=REPORTS).access_token
    policy = serving.config.policy()
    with verifying("threads", target, audience=REPORTS, credentials=credentials) as verifier:
        follow(verifier, token)
        serving.core.change_policy(replace(policy, callers=(), caller_tokens=()))
        try:
            refusal = wait_until_refused(verifier, token)
        finally:
            serving.core.change_policy(policy)
        assert isinstance(refusal, Unavailable)
        assert "CALLER_UNKNOWN" in refusal.description
        assert follow(verifier, token).username == road.username


@pytest.mark.parametrize("form", FORMS)
def test_another_services_audience_is_unavailable(
    serving: Serving, credentials: grpc.ChannelCredentials, form: str
) -> None:
    """Fail closed, and no "invalid token": the fault is the service's, whose entry does not list the resource."""
    target = f"127.0.0.1:{serving.config.grpc.listen.port}"
    with verifying(form, target, audience="https://mail.example.com/", credentials=credentials) as verifier:
        refusal = refusal_of(verifier, "any", timeout=DEADLINE)
    assert isinstance(refusal, Unavailable)
    assert "CALLER_NOT_ALLOWED" in refusal.description


def test_why_nobody_is_reached_is_logged(serving: Serving, caplog: pytest.LogCaptureFixture) -> None:
    """A token waits in vain and is told no more; the log has what TLS said, once."""
    target = f"127.0.0.1:{serving.config.grpc.listen.port}"
    stranger = grpc.ssl_channel_credentials(Authority().pem)
    with verifying("threads", target, audience=REPORTS, credentials=stranger) as verifier:
        verifier.verifier.start()
        wait_until(lambda: bool(caplog.records), "a line in the log")
        assert isinstance(refusal_of(verifier, "any", timeout=0.5), Unavailable)
    (line,) = (record.getMessage() for record in caplog.records if record.name == "tokenhouse_verifier")
    assert "the core's changes cannot be followed: UNAVAILABLE" in line
    assert "certificate" in line.lower()
