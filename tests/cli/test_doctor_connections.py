"""`tokenhouse doctor connections`, through a real facade."""

import re
import secrets
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.cli.command import Operator
from tests.facade.pair import Pair
from tests.facade.road import Visit, register
from tests.running import wait_until

_METADATA = "/.well-known/oauth-authorization-server"


def attempts_of(operator: Operator, client_id: str) -> Any:
    """What `--json` says of a client's attempts."""
    return operator("doctor", "connections", "--client", client_id, "--json").json["attempts"]


def steps_of(attempt: Any) -> list[tuple[str, str]]:
    """Steps and outcomes, in order."""
    return [(event["step"], event["outcome"]) for event in attempt["events"]]


def test_from_the_metadata_to_the_token(pair: Pair, operator: Operator) -> None:
    """Each step of a real client is one line, with the network that it came from (RFC 8414, 7591, 6749)."""
    pair.client.get(_METADATA)
    visit = Visit(pair, register(pair, name=f"Tool {secrets.token_hex(4)}"))
    assert visit.redeem(visit.code()).status_code == 200

    def has_been_told() -> bool:
        return ("metadata", "read") in steps_of(attempts_of(operator, visit.client_id)[0])

    wait_until(has_been_told, "the core to be told")
    [attempt] = attempts_of(operator, visit.client_id)
    steps = [step for step in steps_of(attempt) if step[0] != "metadata"]
    assert steps_of(attempt)[0] == ("metadata", "read")
    assert steps == [
        ("registration", "registered"),
        ("authorize", "login_asked"),
        ("login", "succeeded"),
        ("authorize", "consent_asked"),
        ("consent", "allowed"),
        ("code", "issued"),
        ("token", "redeemed"),
    ]
    assert {event["network"] for event in attempt["events"] if event["network"]} == {"127.0.0.1"}
    assert (attempt["username"], attempt["state"], attempt["findings"]) == ("admin", "token_issued", [])


def test_a_known_reply_is_a_read_as_any_other(pair: Pair, operator: Operator) -> None:
    """RFC 8414 §3: each read is counted, those that the facade answers by heart, too; what is not there as well."""
    host = f"{secrets.token_hex(4)}.example.com"

    def reads() -> dict[str, int]:
        found = operator("doctor", "connections", "--last", "500", "--json").json
        events = [*found["metadata_reads"], *(event for each in found["attempts"] for event in each["events"])]
        return {each["about"]: each["count"] for each in events if each["about"].startswith(host)}

    for path, status, times in ((_METADATA, 200, 7), (f"{_METADATA}/mcp", 404, 1)):
        for _ in range(times):
            assert pair.client.get(path, headers={"Host": host}).status_code == status

    wait_until(lambda: sum(reads().values()) == 8, "the core to be told")
    assert reads() == {f"{host}{_METADATA}": 7, f"{host}{_METADATA}/mcp": 1}


def test_the_words(pair: Pair, operator: Operator) -> None:
    """What people read names the client, marks what went wrong, and says which line of the configuration helps."""
    uri = f"https://{secrets.token_hex(4)}.example.com/callback"
    assert pair.client.post("/oauth/v1/register", json={"redirect_uris": [uri]}).status_code == 400
    told = operator("doctor", "connections", "--last", "500").stdout

    assert told.startswith("Seen since 20")
    assert re.search(rf" ! \d\d:\d\d:\d\d  registration  no setting allows the redirect URI: {re.escape(uri)}", told)
    assert "   → REDIRECT_URI_NOT_ALLOWED: The redirect URI" in told
    assert f"     [Server] OAuthAllowedRedirectURI = {uri}\n" in told


def test_nobody_is_there(operator: Operator) -> None:
    """A client of which nothing is known has no attempts, which is no failure."""
    called = operator("doctor", "connections", "--client", "client_nobody")

    assert called.status == 0
    assert called.stdout.endswith("No attempt to connect was seen.\n")


@pytest.mark.parametrize("number", ["0", "501", "many"])
def test_how_many(operator: Operator, number: str) -> None:
    """`--last` is 1 to 500."""
    assert operator("doctor", "connections", "--last", number).status == 2


def test_no_secret_is_printed(pair: Pair, operator: Operator, visit: Visit) -> None:
    """Neither what a client sent and got, nor the browser's cookies and password, as text or as JSON."""
    page = visit.consent_page()
    answer = visit.send(page, "/consent", decision="allow")
    code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    tokens = visit.redeem(code).json()
    again = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": visit.client_id}
    for _ in range(2):
        assert pair.client.post("/oauth/v1/token", data=again).status_code == 200
    assert visit.redeem(code).status_code == 400
    told = operator("doctor", "connections", "--last", "500").stdout
    told += operator("doctor", "connections", "--last", "500", "--json").stdout

    assert visit.client_id in told
    secret = [code, code[33:76], tokens["access_token"], tokens["refresh_token"], tokens["refresh_token"][33:76]]
    secret += [visit.verifier, visit.state, pair.password, tokens["access_token"].rpartition(".")[2]]
    secret += [value for value in visit.browser.cookies.values() if value]
    assert len(secret) > 10
    for each in secret:
        assert each not in told
