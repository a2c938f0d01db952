"""The authorization request: what gets a page, what gets a redirect, and what the redirect carries."""

import pytest

from core.domain.authorization.endpoint import LoginPrompt, Redirect
from core.domain.clients.client import Client
from core.domain.errors import (
    ClientBlocked,
    ClientDocumentRefused,
    ClientRemoved,
    ClientsDisabled,
    InvalidClient,
    InvalidRedirectUri,
    InvalidRequest,
    Refusal,
)
from tests.domain.house import ISSUER, House
from tests.domain.road import (
    PKCE,
    REDIRECT_URI,
    a_client,
    a_confidential_client,
    a_session,
    a_user,
    asked,
    consent_page,
    decide,
    redeeming,
    refusal_of,
    start,
)

Pairs = list[tuple[str, str]]

#: Everything that can be wrong beside the client and its redirect_uri, and the error the client reads.
FAULTS: dict[str, tuple[dict[str, str | None] | Pairs, str]] = {
    "no response_type": ({"response_type": None}, "invalid_request"),
    "response_type empty": ({"response_type": ""}, "invalid_request"),
    "response_type token": ({"response_type": "token"}, "unsupported_response_type"),
    "response_type id_token": ({"response_type": "id_token"}, "unsupported_response_type"),
    "response_type code token": ({"response_type": "code token"}, "unsupported_response_type"),
    "response_type code id_token": ({"response_type": "code id_token"}, "unsupported_response_type"),
    "response_type none": ({"response_type": "none"}, "unsupported_response_type"),
    "response_type Code": ({"response_type": "Code"}, "unsupported_response_type"),
    "response_mode fragment": ({"response_mode": "fragment"}, "invalid_request"),
    "response_mode form_post": ({"response_mode": "form_post"}, "invalid_request"),
    "no challenge": ({"code_challenge": None}, "invalid_request"),
    "challenge empty": ({"code_challenge": ""}, "invalid_request"),
    "no method": ({"code_challenge_method": None}, "invalid_request"),
    "method empty": ({"code_challenge_method": ""}, "invalid_request"),
    "method plain": ({"code_challenge_method": "plain"}, "invalid_request"),
    "method s256": ({"code_challenge_method": "s256"}, "invalid_request"),
    "method S512": ({"code_challenge_method": "S512"}, "invalid_request"),
    "method S256 and more": ({"code_challenge_method": "S256 plain"}, "invalid_request"),
    "challenge too short": ({"code_challenge": PKCE.challenge[:-1]}, "invalid_request"),
    "challenge too long": ({"code_challenge": PKCE.challenge + "A"}, "invalid_request"),
    "challenge padded": ({"code_challenge": PKCE.challenge + "="}, "invalid_request"),
    "challenge in the other alphabet": ({"code_challenge": "+" * 43}, "invalid_request"),
    "challenge beyond ASCII": ({"code_challenge": "\u0661" * 43}, "invalid_request"),
    "resource http elsewhere": ({"resource": "http://mcp.example.com/"}, "invalid_target"),
    "resource with a fragment": ({"resource": "https://mcp.example.com/#x"}, "invalid_target"),
    "resource with an empty fragment": ({"resource": "https://mcp.example.com/#"}, "invalid_target"),
    "resource relative": ({"resource": "/mcp"}, "invalid_target"),
    "resource with user information": ({"resource": "https://u@mcp.example.com/"}, "invalid_target"),
    "resource of another scheme": ({"resource": "urn:mcp:server"}, "invalid_target"),
    "resource with a space": ({"resource": "https://mcp.example.com/ x"}, "invalid_target"),
    "resource with a bad port": ({"resource": "https://mcp.example.com:port/"}, "invalid_target"),
    "resource beyond reason": ({"resource": "https://mcp.example.com/" + "x" * 2048}, "invalid_target"),
    "prompt none": ({"prompt": "none"}, "login_required"),
}
for _name in (
    "response_type",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "nonce",
    "unknown",
):
    FAULTS[f"{_name} twice"] = ([(_name, "code"), (_name, "code")], "invalid_request")
for _name in ("response_type", "code_challenge", "code_challenge_method", "scope"):
    FAULTS[f"{_name} twice, once empty"] = ([(_name, ""), (_name, "S256")], "invalid_request")


@pytest.fixture(scope="module")
def client(house: House) -> Client:
    """A client that every test of this file may use: none of them changes it."""
    return a_client(house)


@pytest.fixture(scope="module")
def session(house: House) -> str:
    """A session that no test of this file ends."""
    return a_session(house, a_user(house))


def _parameters(client: Client, fault: str) -> Pairs:
    change, _ = FAULTS[fault]
    if isinstance(change, dict):
        return asked(client, **change)
    return [pair for pair in asked(client) if pair[0] != change[0][0]] + change


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_besides_the_client_is_told_at_the_redirect_uri(house: House, client: Client, fault: str) -> None:
    """RFC 6749 §4.1.2.1, RFC 9207 §2: error, the exact state and iss, at exactly the redirect_uri that was sent."""
    outcome = start(house, _parameters(client, fault))
    assert isinstance(outcome, Redirect)
    answer = dict(outcome.parameters)
    assert len(answer) == len(outcome.parameters)
    assert outcome.redirect_uri == REDIRECT_URI
    assert answer["error"] == FAULTS[fault][1]
    assert answer["iss"] == ISSUER
    assert answer.get("state") == (None if fault == "state twice" else "the state")
    assert "code" not in answer


DESCRIBABLE = frozenset(map(chr, [*range(0x20, 0x22), *range(0x23, 0x5C), *range(0x5D, 0x7F)]))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_description_holds_only_what_the_grammar_allows(house: House, client: Client, fault: str) -> None:
    """RFC 6749 §4.1.2.1: error_description is printable ASCII without the double quote and the backslash."""
    outcome = start(house, _parameters(client, fault))
    assert isinstance(outcome, Redirect)
    assert set(dict(outcome.parameters)["error_description"]) <= DESCRIBABLE


@pytest.mark.parametrize("hostile", ['a"b', "a\\b", "a\nb", "a\x00b", "\u202eb", "<script>", "é"])
def test_what_a_description_quotes_is_made_harmless(house: House, client: Client, hostile: str) -> None:
    """RFC 6749 §4.1.2.1: text of the request that a description quotes cannot break its grammar."""
    repeated = [*asked(client), (hostile, "1"), (hostile, "2")]
    for parameters in (repeated, asked(client, resource=f"http://mcp.example.com/{hostile}")):
        outcome = start(house, parameters)
        assert isinstance(outcome, Redirect)
        assert set(dict(outcome.parameters)["error_description"]) <= DESCRIBABLE


#: What is wrong with the recipient itself, and the refusal that becomes a page.
RECIPIENTS: dict[str, tuple[dict[str, str | None] | Pairs, type[Refusal]]] = {
    "no client_id": ({"client_id": None}, InvalidRequest),
    "client_id empty": ({"client_id": ""}, InvalidRequest),
    "client_id unknown": ({"client_id": "client_unknown"}, InvalidClient),
    "client_id with a null": ({"client_id": "client\x00"}, InvalidClient),
    "client_id a URL of nobody": ({"client_id": "https://nowhere.example/client.json"}, ClientDocumentRefused),
    "client_id no URL for a document": ({"client_id": "https://nowhere.example"}, ClientDocumentRefused),
    "client_id twice": ([("client_id", "")], InvalidRequest),
    "no redirect_uri": ({"redirect_uri": None}, InvalidRequest),
    "redirect_uri empty": ({"redirect_uri": ""}, InvalidRequest),
    "redirect_uri elsewhere": ({"redirect_uri": "https://evil.example/"}, InvalidRedirectUri),
    "redirect_uri javascript": ({"redirect_uri": "javascript:alert(1)"}, InvalidRedirectUri),
    "redirect_uri with another path": ({"redirect_uri": "http://127.0.0.1/other"}, InvalidRedirectUri),
    "redirect_uri of another client": ({"redirect_uri": "https://vscode.dev/redirect"}, InvalidRedirectUri),
    "redirect_uri twice": ([("redirect_uri", REDIRECT_URI)], InvalidRequest),
    "redirect_uri twice, other first": ([("redirect_uri", "https://evil.example/")], InvalidRequest),
}


@pytest.mark.parametrize("recipient", RECIPIENTS)
def test_a_bad_client_or_redirect_uri_is_never_redirected_to(
    house: House, client: Client, session: str, recipient: str
) -> None:
    """CVE-2025-4143, CVE-2026-41479, CVE-2026-44681: each error kind × each bad recipient is a page."""
    change, refusal = RECIPIENTS[recipient]
    for fault in ("nothing", *FAULTS):
        parameters = asked(client) if fault == "nothing" else _parameters(client, fault)
        if isinstance(change, dict):
            kept = [pair for pair in parameters if pair[0] not in change]
            parameters = kept + [(name, value) for name, value in change.items() if value is not None]
        else:
            parameters = change + parameters
        for token in ("", session):
            try:
                outcome: object = start(house, parameters, token)
            except refusal as refused:
                outcome = refused
            assert isinstance(outcome, refusal), fault


@pytest.mark.parametrize(("end", "refusal"), [("delete", InvalidClient), ("block", ClientBlocked)])
def test_a_client_that_is_gone_gets_a_page(house: House, end: str, refusal: type[InvalidClient]) -> None:
    """The browser must show the user what to do, since the client cannot: one may be added again, the other not."""
    client = a_client(house)
    getattr(house.clients, end)(client.client_id)
    with pytest.raises(InvalidClient) as caught:
        start(house, asked(client))
    assert type(caught.value) is refusal


def test_whose_redirect_uri_it_is_not_is_known_to_the_operator(house: House) -> None:
    """REDIRECT_URI_NOT_REGISTERED of the doctor: who can change it is another one for each kind of client; and the page
    says it, too."""
    told, shown = [], []
    for client in (a_client(house), a_confidential_client(house)[0]):
        with pytest.raises(InvalidRedirectUri) as caught:
            start(house, asked(client, redirect_uri="http://127.0.0.1/other"))
        told.append(caught.value.why)
        shown.append("clients add --redirect-uri" in caught.value.description)

    assert told == ["redirect_uri_not_registered", "redirect_uri_not_added"]
    assert shown == [False, True]


def test_a_client_that_its_operator_has_removed_gets_another_page(house: House) -> None:
    """Nobody who connects can add it again, before the question or at it, so the page names whoever can; a machine is
    told invalid_client all the same (RFC 6749 §5.2)."""
    client, secret = a_confidential_client(house)
    session = a_session(house, a_user(house))
    sealed = consent_page(house, asked(client), session).sealed_request
    house.clients.delete(client.client_id)

    with pytest.raises(ClientRemoved):
        start(house, asked(client))
    with pytest.raises(ClientRemoved):
        decide(house, sealed, session)
    code = redeeming(client.client_id, "thc_x", secret=secret, method="client_secret_basic")
    assert refusal_of(house, code) == "InvalidClient"


def test_nothing_is_answered_while_clients_are_switched_off(house: House) -> None:
    """Server.OAuthClientsEnabled = false."""
    client = a_client(house)
    with house.under(clients_enabled=False), pytest.raises(ClientsDisabled):
        start(house, asked(client))


STATES = [
    "x",
    "a b+c%20d&e=f#g",
    "https://workbench.example.com/callback?session=%7B%22a%22%3A1%7D&then=/x?y=z",
    "%",
    "\u00e9\u4e2d\U0001f600",
    "line\nbreak",
    " leading and trailing ",
    "'\"<>\\",
    "s" * 4096,
    "0",
    "null",
]


@pytest.mark.parametrize("state", STATES, ids=lambda state: ascii(state[:20]))
def test_the_state_comes_back_exactly_on_success_denial_and_error(
    house: House, client: Client, session: str, state: str
) -> None:
    """RFC 6749 §4.1.2: byte for byte, 4 KB and odd characters included."""
    for approved in (True, False):
        prompt = consent_page(house, asked(client, state=state), session)
        answer = decide(house, prompt.sealed_request, session, approved=approved)
        assert (answer["state"], answer["iss"]) == (state, ISSUER)
    refused = start(house, asked(client, state=state, response_type="token"))
    assert isinstance(refused, Redirect)
    assert dict(refused.parameters)["state"] == state


@pytest.mark.parametrize("state", [None, ""])
def test_without_a_state_none_is_sent_back(house: House, client: Client, session: str, state: str | None) -> None:
    """RFC 6749 §3.1: an empty parameter is as if omitted; old clients send no state at all."""
    prompt = consent_page(house, asked(client, state=state), session)
    answer = decide(house, prompt.sealed_request, session)
    assert set(answer) == {"code", "iss"}


@pytest.mark.parametrize("name", ["audience", "nonce", "login_hint", "claims", "acr_values", "request", "display", "x"])
def test_what_the_server_does_not_know_is_ignored(house: House, client: Client, name: str) -> None:
    """RFC 6749 §3.1: unrecognised parameters must be ignored."""
    assert isinstance(start(house, asked(client, **{name: "anything"})), LoginPrompt)
