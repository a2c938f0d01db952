"""ConnectionAdminService: what operators see of clients that try to connect, and what is the matter with them."""

import json
import secrets
from collections.abc import Iterator

import grpc
import pytest
from tokenhouse.v1 import authorization_pb2, discovery_pb2, registration_pb2, session_pb2
from tokenhouse.v1 import connection_admin_pb2 as pb

from tests.rpc.connections import findings_of, last_attempt, look, steps_of
from tests.rpc.road import BINDING, PASSWORD, PKCE, REDIRECT_URI, Road, refused, register
from tests.serving import DEADLINE, ISSUER, Serving, parameters_of

_MCP = "https://mcp.example.com/mcp"
_DOCUMENT = "/.well-known/oauth-authorization-server"


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A core that knows one service, and no tokens that are for all."""
    with Serving(tmp_path_factory.mktemp("core"), f"[OAuth]\nResource = {_MCP}\nServerWideTokens = false") as core:
        yield core


def test_a_whole_attempt_is_one_timeline(serving: Serving) -> None:
    """From the registration to the first validation, each step once, in the order in which it came."""
    road = Road(serving)
    road.begin()
    road.validate(road.connect(resource=_MCP).access_token, _MCP)
    attempt = last_attempt(serving, road.client_id)

    assert steps_of(attempt) == [
        ("registration", "registered"),
        ("authorize", "login_asked"),
        ("login", "succeeded"),
        ("authorize", "consent_asked"),
        ("consent", "allowed"),
        ("code", "issued"),
        ("token", "redeemed"),
        ("validation", "active"),
    ]
    assert (attempt.state, attempt.username, attempt.client_name[:4]) == ("connected", road.username, "tool")
    assert (attempt.events[1].about, attempt.events[2].network) == (REDIRECT_URI, "192.0.2.1")
    assert not attempt.findings


def test_two_users_of_one_tool_are_two_attempts(road: Road) -> None:
    """Registered once, they share a client_id (RFC 7591); a code_challenge is each one's own (RFC 7636 §4.1)."""
    for challenge in (PKCE.challenge, "x" * 43):
        road.start(code_challenge=challenge)
    first, second = look(road.serving, road.client_id).attempts

    assert steps_of(first) == [("authorize", "login_asked")]
    assert ("registration", "registered") in steps_of(second)


@pytest.mark.parametrize("shows_page_first", [False, True])
@pytest.mark.parametrize("network", ["192.0.2.1", "198.51.100.66"])
def test_nobody_writes_into_somebody_elses_attempt(road: Road, network: str, shows_page_first: bool) -> None:
    """A code_challenge is no secret (RFC 7636 §7.2): another browser that sends it, from wherever, and
    whether it is refused at once or was shown the page before, has an attempt of its own."""

    def send(browser: bytes, address: str, **parameters: str) -> authorization_pb2.StartAuthorizationRequest:
        sent = parameters_of(road.request(**parameters))
        return authorization_pb2.StartAuthorizationRequest(
            parameters=sent, browser_binding=browser, network_address=address
        )

    start = road.serving.authorization.StartAuthorization
    start(send(BINDING, "192.0.2.1", code_challenge="v" * 43), timeout=DEADLINE)
    if shows_page_first:
        start(send(b"another".ljust(32, b"."), network, code_challenge="v" * 43), timeout=DEADLINE)
    wrong = {"redirect_uri": "http://127.0.0.1/other", "code_challenge": "v" * 43}
    refused(start, send(b"another".ljust(32, b"."), network, **wrong))
    # The user's own browser moves to another network: it is the same attempt.
    start(send(BINDING, "203.0.113.77", code_challenge="v" * 43), timeout=DEADLINE)
    strangers, own = look(road.serving, road.client_id, page_size=2).attempts

    assert (own.state, len(own.findings), own.events[-1].network) == ("begun", 0, "203.0.113.77")
    assert (strangers.state, list(findings_of(strangers))) == ("refused", ["REDIRECT_URI_NOT_REGISTERED"])


def test_a_refusal_and_the_same_again_from_there_are_one_attempt(road: Road) -> None:
    """A browser that was refused has no cookie yet: its network tells that it is the same one."""
    for browser, uri in ((b"1", "http://127.0.0.1/other"), (b"2", "http://127.0.0.1/other"), (b"3", REDIRECT_URI)):
        sent = parameters_of(road.request(redirect_uri=uri, code_challenge="w" * 43))
        request = authorization_pb2.StartAuthorizationRequest(
            parameters=sent, browser_binding=browser.ljust(32), network_address="192.0.2.40"
        )
        if uri == REDIRECT_URI:
            road.serving.authorization.StartAuthorization(request, timeout=DEADLINE)
        else:
            refused(road.serving.authorization.StartAuthorization, request)
    attempt = last_attempt(road.serving, road.client_id)

    assert [(event.outcome, event.count) for event in attempt.events][-2:] == [
        ("redirect_uri_not_registered", 2),
        ("login_asked", 1),
    ]


def test_who_connects_again_begins_anew(road: Road) -> None:
    """Some clients use one code_verifier for ever: what the user has decided is over."""
    road.connect(resource=_MCP)
    road.connect(resource=_MCP)

    assert [attempt.state for attempt in look(road.serving, road.client_id).attempts] == ["token_issued"] * 2


def test_a_no_and_a_wrong_password_are_seen(road: Road) -> None:
    """RFC 6749 §4.1.2.1 access_denied; and LOGIN_FAILED, without the name that was typed."""
    refused(road.serving.sessions.LogIn, road.login_request(username="not-a-user", password="wrong"))
    sealed = road.start(road.session_token).consent.sealed_request
    no = authorization_pb2.DecideConsentRequest(
        sealed_request=sealed, session_token=road.session_token, browser_binding=BINDING
    )
    road.serving.authorization.DecideConsent(no, timeout=DEADLINE)
    attempt = last_attempt(road.serving, road.client_id)

    assert steps_of(attempt)[-3:] == [("login", "login_failed"), ("authorize", "consent_asked"), ("consent", "denied")]
    assert "not-a-user" not in str(attempt)


def test_an_answer_of_who_was_signed_out_meanwhile(road: Road) -> None:
    """OpenID Connect Core §3.1.2.6 login_required, at the question: no client has asked for no page there."""
    sealed = road.start(road.session_token).consent.sealed_request
    road.serving.sessions.LogOut(session_pb2.LogOutRequest(session_token=road.session_token), timeout=DEADLINE)
    yes = authorization_pb2.DecideConsentRequest(
        sealed_request=sealed, session_token=road.session_token, browser_binding=BINDING, approved=True
    )
    refused(road.serving.authorization.DecideConsent, yes)
    told = last_attempt(road.serving, road.client_id).events[-1]

    assert (told.step, told.outcome, told.refused) == ("consent", "login_required", True)
    assert told.words == "the user had been signed out before they answered"


def test_a_registration_that_no_setting_allows(serving: Serving) -> None:
    """REDIRECT_URI_NOT_ALLOWED names the line that would allow it (RFC 9700 §4.1.3: exact URIs alone)."""
    uri = "https://tool.example.com/callback"
    body = json.dumps({"redirect_uris": [uri]}).encode()
    wanted = registration_pb2.RegisterClientRequest(client_metadata=body, network_address="198.51.100.7")
    refused(serving.registration.RegisterClient, wanted)
    attempt = last_attempt(serving)

    assert attempt.state == "refused"
    assert (attempt.events[0].about, attempt.events[0].network) == (uri, "198.51.100.7")
    assert findings_of(attempt) == {"REDIRECT_URI_NOT_ALLOWED": f"[Server] OAuthAllowedRedirectURI = {uri}"}


def test_a_redirect_uri_that_was_not_registered(road: Road) -> None:
    """REDIRECT_URI_NOT_REGISTERED; of its query a mark alone is shown."""
    wrong = road.request(redirect_uri="http://127.0.0.1/other?key=canary")
    request = authorization_pb2.StartAuthorizationRequest(parameters=parameters_of(wrong), browser_binding=BINDING)
    refused(road.serving.authorization.StartAuthorization, request)
    attempt = last_attempt(road.serving, road.client_id)

    assert attempt.events[-1].about == "http://127.0.0.1/other?…"
    assert findings_of(attempt) == {"REDIRECT_URI_NOT_REGISTERED": ""}


def test_a_resource_that_is_not_listed(road: Road) -> None:
    """RESOURCE_UNKNOWN (RFC 8707 §2 invalid_target) names the line that would list it, and what is listed."""
    road.start(road.session_token, resource="https://mcp.example.com/other")
    [finding] = last_attempt(road.serving, road.client_id).findings

    assert finding.code == "RESOURCE_UNKNOWN"
    assert finding.setting == "[OAuth] Resource = https://mcp.example.com/other"
    assert f"listed are {_MCP}" in finding.words


def test_a_token_that_nobody_asks_about(road: Road) -> None:
    """TOKEN_NEVER_PRESENTED after five minutes, not before; and in other words when it has expired."""
    road.connect(resource=_MCP)
    road.serving.clock.advance(299)
    assert not last_attempt(road.serving, road.client_id).findings
    road.serving.clock.advance(1)
    [early] = last_attempt(road.serving, road.client_id).findings
    road.serving.clock.advance(3600)
    [late] = last_attempt(road.serving, road.client_id).findings

    assert (early.code, late.code) == ("TOKEN_NEVER_PRESENTED", "TOKEN_NEVER_PRESENTED")
    assert "for 5 minutes now" in early.words
    assert "has expired" in late.words


def test_a_service_that_calls_itself_otherwise(road: Road) -> None:
    """WRONG_AUDIENCE says who asked and whom the token is for (RFC 9068 §4, RFC 8707 §2); asked rightly, it is gone."""
    token = road.connect(resource=_MCP).access_token
    for _ in range(2):
        road.validate(token, "https://mcp.example.com/")
    wrong = last_attempt(road.serving, road.client_id)
    road.validate(token, _MCP)
    right = last_attempt(road.serving, road.client_id)

    assert [finding.code for finding in wrong.findings] == ["WRONG_AUDIENCE"]
    assert f"calls itself https://mcp.example.com/ asked about a token for {_MCP}" in wrong.findings[0].words
    assert wrong.events[-1].count == 2
    assert (right.state, list(right.findings)) == ("connected", [])


def test_a_token_for_every_service_where_there_are_none(road: Road) -> None:
    """WRONG_AUDIENCE of a client that names no resource is a matter of the setting ServerWideTokens."""
    road.validate(road.connect().access_token, _MCP)

    assert findings_of(last_attempt(road.serving, road.client_id)) == {
        "WRONG_AUDIENCE": "[OAuth] ServerWideTokens = true"
    }


def test_a_client_that_refreshes_twice_at_once(road: Road) -> None:
    """REFRESHED_TWICE: harmless within the window, and said to be; after it the grant has ended (RFC 9700 §4.14.2)."""
    tokens = road.connect(resource=_MCP)
    for _ in range(3):
        road.serving.tokens.IssueToken(road.refreshing(tokens.refresh_token), timeout=DEADLINE)
    [harmless] = last_attempt(road.serving, road.client_id).findings
    road.serving.clock.advance(121)
    refused(road.serving.tokens.IssueToken, road.refreshing(tokens.refresh_token))
    [ended] = last_attempt(road.serving, road.client_id).findings

    assert (harmless.code, ended.code) == ("REFRESHED_TWICE", "REFRESHED_TWICE")
    assert "(2 so far)" in harmless.words
    assert "the grant has ended" in ended.words


def test_an_ordinary_refresh_leaves_no_trace(road: Road) -> None:
    """What machines do all day is no step of a connection, and costs nothing."""
    tokens = road.connect(resource=_MCP)
    before = steps_of(last_attempt(road.serving, road.client_id))
    road.serving.tokens.IssueToken(road.refreshing(tokens.refresh_token), timeout=DEADLINE)

    assert steps_of(last_attempt(road.serving, road.client_id)) == before


def test_a_token_that_comes_too_late(road: Road) -> None:
    """CLOCK_SKEW where a token is presented for the first time when it has expired."""
    token = road.connect(resource=_MCP).access_token
    road.serving.clock.advance(3601)
    road.validate(token, _MCP)

    assert findings_of(last_attempt(road.serving, road.client_id)) == {"CLOCK_SKEW": ""}


def test_a_code_in_the_wrong_hands(road: Road) -> None:
    """CODE_MISMATCHED: another code_verifier than it was made for (RFC 7636 §4.6)."""
    wrong = road.redeeming(road.code(resource=_MCP))
    wrong.authorization_code.code_verifier = "x" * 43
    refused(road.serving.tokens.IssueToken, wrong)
    attempt = last_attempt(road.serving, road.client_id)

    assert (attempt.state, list(findings_of(attempt))) == ("refused", ["CODE_MISMATCHED"])


def test_a_code_that_never_comes_back(road: Road) -> None:
    """CODE_NEVER_REDEEMED once the code is good no longer (RFC 6749 §4.1.2)."""
    road.code(resource=_MCP)
    assert not last_attempt(road.serving, road.client_id).findings
    road.serving.clock.advance(61)

    assert list(findings_of(last_attempt(road.serving, road.client_id))) == ["CODE_NEVER_REDEEMED"]


def test_a_client_that_was_forgotten(road: Road) -> None:
    """CLIENT_UNKNOWN at the authorization endpoint, and at the token endpoint (RFC 6749 §5.2 invalid_client)."""
    road.client_id = f"client_{secrets.token_hex(6)}"
    request = authorization_pb2.StartAuthorizationRequest(
        parameters=parameters_of(road.request()), browser_binding=BINDING, network_address="192.0.2.1"
    )
    refused(road.serving.authorization.StartAuthorization, request)
    refused(road.serving.tokens.IssueToken, road.refreshing("thr_made-up"))

    for attempt in look(road.serving, road.client_id).attempts:
        assert (attempt.state, list(findings_of(attempt))) == ("refused", ["CLIENT_UNKNOWN"])


def test_the_machines_clock_is_looked_at(serving: Serving) -> None:
    """CLOCK_SKEW of the server itself: the time by hand is not the machine's."""
    assert [finding.code for finding in look(serving).findings][:1] == ["CLOCK_SKEW"]


def read_metadata(serving: Serving, address: str, host: str, path: str = _DOCUMENT, *, found: bool = True) -> None:
    """What a facade tells of one that was read."""
    reads = discovery_pb2.MetadataReads(network_address=address, host=host, path=path, found=found, count=1)
    request = discovery_pb2.GetServerMetadataRequest(metadata_reads=[reads])
    serving.discovery.GetServerMetadata(request, timeout=DEADLINE)


def test_discovery_belongs_to_the_attempt_of_its_network(serving: Serving) -> None:
    """RFC 8414 §3: a read says nothing but whence, so it is told by network and time; all others are the server's."""
    for address in ("203.0.113.1", "203.0.113.2"):
        read_metadata(serving, address, "localhost:8080")
    body = json.dumps({"client_name": secrets.token_hex(6), "redirect_uris": [REDIRECT_URI]}).encode()
    wanted = registration_pb2.RegisterClientRequest(client_metadata=body, network_address="203.0.113.1")
    serving.registration.RegisterClient(wanted, timeout=DEADLINE)
    found = look(serving)

    assert steps_of(found.attempts[0]) == [("metadata", "read"), ("registration", "registered")]
    assert not found.attempts[0].findings
    assert [reads.network for reads in found.metadata_reads][:1] == ["203.0.113.2"]


@pytest.mark.parametrize(
    ("host", "path"),
    [("127.0.0.1:8080", _DOCUMENT), ("localhost:8080", f"{_DOCUMENT}/"), ("localhost:8080", f"/mcp{_DOCUMENT}")],
)
def test_the_issuer_is_another_string(serving: Serving, host: str, path: str) -> None:
    """ISSUER_DIFFERS where the metadata were read elsewhere than RFC 8414 §3.1 puts them, and never there."""
    address = f"203.0.113.{secrets.randbelow(200) + 10}"
    read_metadata(serving, address, host, path, found=path == _DOCUMENT)
    body = json.dumps({"client_name": secrets.token_hex(6), "redirect_uris": [REDIRECT_URI]}).encode()
    wanted = registration_pb2.RegisterClientRequest(client_metadata=body, network_address=address)
    client_id = json.loads(serving.registration.RegisterClient(wanted, timeout=DEADLINE).client_information)[
        "client_id"
    ]
    [finding] = last_attempt(serving, client_id).findings
    read_metadata(serving, address, "localhost:8080")

    assert finding.code == "ISSUER_DIFFERS"
    assert f"{host}{path}" in finding.words
    assert ISSUER in finding.words
    assert not last_attempt(serving, client_id).findings


def test_a_client_that_went_no_further(serving: Serving) -> None:
    """ISSUER_DIFFERS of the server's own list: who stops at the metadata begins no attempt."""
    read_metadata(serving, "203.0.113.250", "other.example.com")

    assert ("ISSUER_DIFFERS", True) in [
        (finding.code, "other.example.com" in finding.words) for finding in look(serving).findings
    ]


def test_a_flood_of_one_network_hides_no_other(serving: Serving) -> None:
    """ISSUER_DIFFERS of another network stays, whatever one reads; what differs alike for several is said once."""
    for address in ("192.0.2.201", "192.0.2.202"):
        read_metadata(serving, address, "quiet.example.com")
    for number in range(120):
        read_metadata(serving, "192.0.2.203", "localhost:8080", f"{_DOCUMENT}/{number}", found=False)
    found = look(serving)

    networks = [reads.network for reads in found.metadata_reads]
    assert (networks.count("192.0.2.203"), networks.count("192.0.2.201"), networks.count("192.0.2.202")) == (10, 1, 1)
    assert len([finding for finding in found.findings if "quiet.example.com" in finding.words]) == 1
    assert len([finding for finding in found.findings if f"{_DOCUMENT}/" in finding.words]) == 1


def test_pages_are_bounded(serving: Serving) -> None:
    """INVALID_ARGUMENT for more than there can be; one where one is asked for."""
    register(serving)
    register(serving)

    assert len(look(serving, page_size=1).attempts) == 1
    for size in (-1, 501):
        refusal = refused(serving.connections.ListConnectionAttempts, pb.ListConnectionAttemptsRequest(page_size=size))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT")


def test_no_secret_is_told(road: Road) -> None:
    """Whatever was sent on the way, none of it stands in the answer."""
    road.log_in()
    sealed = road.start(road.session_token, state="canary of a state").consent.sealed_request
    code = road.code(resource=_MCP, state="canary of a state")
    tokens = road.serving.tokens.IssueToken(road.redeeming(code), timeout=DEADLINE)
    road.validate(tokens.access_token, _MCP)
    road.serving.tokens.IssueToken(road.refreshing(tokens.refresh_token), timeout=DEADLINE)
    road.serving.tokens.IssueToken(road.refreshing(tokens.refresh_token), timeout=DEADLINE)
    refused(road.serving.tokens.IssueToken, road.redeeming(code))
    told = str(look(road.serving))

    assert road.client_id in told
    for secret in (
        PASSWORD,
        PKCE.verifier,
        PKCE.challenge,
        "canary of a state",
        road.session_token,
        sealed,
        code,
        code[33:76],
        tokens.access_token,
        tokens.access_token.rpartition(".")[2],
        tokens.refresh_token,
        tokens.refresh_token[33:76],
    ):
        assert secret not in told
