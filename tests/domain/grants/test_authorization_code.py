"""The code: once, for 60 seconds, for one client, redirect_uri and verifier."""

import secrets
from dataclasses import replace

import pytest

from core.domain.clients.authentication import ClientCredentials
from core.domain.clients.client import Client
from core.domain.grants.grant import GrantState
from core.domain.grants.token_request import TokenRequest
from tests.assertions import a_key_pair
from tests.domain.grants.faults import FAULTS, issue
from tests.domain.house import FILES, ISSUER, MCP, House
from tests.domain.road import (
    REDIRECT_URI,
    Connection,
    a_client,
    a_code,
    a_confidential_client,
    a_user,
    grant_id_of,
    redeeming,
    refusal_of,
    validate,
)

_KEYS = a_key_pair()


def a_signing_client(house: House) -> Client:
    """One of an operator's that proves itself with a key (RFC 7523)."""
    return a_confidential_client(house, authentication_method="private_key_jwt", keys=_KEYS.jwks)[0]


@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
@pytest.mark.parametrize("fault", FAULTS)
def test_every_single_fault_refuses_the_code(house: House, fault: str, restarted: bool) -> None:
    """CVE-2026-28513's class: each binding refuses alone, before and after a restart (RFC 6749 §4.1.3)."""
    commit, refusal, burns = FAULTS[fault]
    issued = issue(house)
    commit(issued)
    if restarted:
        house.restart()
    assert issued.present() == refusal
    assert (issued.grant().state is GrantState.DEAD) == burns
    assert issued.grant().state is not GrantState.ACTIVE


@pytest.mark.parametrize("fault", [name for name, (_, _, burns) in FAULTS.items() if burns])
def test_a_mismatch_burns_the_code(house: House, fault: str) -> None:
    """OAuth 2.1 §4.1.3: a code in the wrong hands is spent, so the right request comes too late, restart or not."""
    issued = issue(house)
    FAULTS[fault][0](issued)
    assert issued.present() != ""
    issued.presented_by, issued.changes = "", {}
    house.restart()
    assert issued.present() == "InvalidGrant"
    assert issued.grant().state is GrantState.DEAD


@pytest.mark.parametrize("fault", ["a secret from a public client", "attempt_id missing"])
def test_the_right_client_in_the_wrong_words_burns_nothing(house: House, fault: str) -> None:
    """A client that says wrongly who it is has its code in the right hands still, and may ask again."""
    issued = issue(house)
    FAULTS[fault][0](issued)
    assert issued.present() != ""
    issued.presented_by, issued.changes = "", {}
    assert issued.present() == ""


@pytest.mark.parametrize("named", [False, True], ids=["by its assertion alone", "by client_id too"])
def test_a_proof_that_was_too_old_burns_nothing(house: House, named: bool) -> None:
    """RFC 7523 §3, item 4: an expired assertion is refused, and the next one is of the client that has the code; the
    same from another client is a code in the wrong hands (OAuth 2.1 §4.1.3)."""
    client, other = a_signing_client(house), a_signing_client(house)
    code, now = a_code(house, client, a_user(house)), house.clock.now()

    def presenting(whose: Client, made_at: int) -> TokenRequest:
        attempt_id, assertion = secrets.token_bytes(16), _KEYS.sign(whose.client_id, ISSUER, made_at)
        client_id = whose.client_id if named else ""
        credentials = ClientCredentials(client_id, None, "private_key_jwt", assertion, attempt_id)
        return replace(redeeming("", code), client=credentials, attempt_id=attempt_id)

    too_old = refusal_of(house, presenting(client, now - 3600))
    waits = house.store.find_grant(grant_id_of(code))
    assert waits is not None
    assert (too_old, waits.state) == ("InvalidClient", GrantState.PENDING)
    assert refusal_of(house, presenting(client, now)) == ""

    code = a_code(house, client, a_user(house))
    assert refusal_of(house, presenting(other, now - 3600)) == "InvalidClient"
    assert refusal_of(house, presenting(client, now)) == "InvalidGrant"


def test_who_names_no_client_spends_nothing_and_still_gives_the_alarm(house: House) -> None:
    """RFC 6749 §5.2 invalid_client; a code that is presented again ends its grant, by anyone (RFC 9700 §4.5)."""
    issued = issue(house)
    nobody = redeeming("", issued.code)

    assert (refusal_of(house, nobody), issued.present()) == ("InvalidClient", "")
    assert refusal_of(house, nobody) == "InvalidClient"
    assert issued.grant().state is GrantState.REVOKED


@pytest.mark.parametrize("redirect_uri", [None, REDIRECT_URI])
def test_the_redirect_uri_may_be_left_out(house: House, redirect_uri: str | None) -> None:
    """OAuth 2.1 §4.1.3 no longer asks for redirect_uri; where it is sent it must equal the first one."""
    assert issue(house).present(redirect_uri=redirect_uri) == ""


def test_a_code_is_good_until_its_last_second(house: House) -> None:
    """CodeLifetime: 60 seconds, not 61 (RFC 6749 §4.1.2 recommends 10 minutes at the most)."""
    issued = issue(house)
    house.clock.advance(59)
    assert issued.present() == ""


@pytest.mark.parametrize("place", [0, 4, 5, 30, 60, 75, 76, 81])
def test_a_changed_code_is_unknown_and_burns_nothing(house: House, place: int) -> None:
    """README, Grants: a mistyped or forged code changes nothing."""
    issued = issue(house)
    letter = "A" if issued.code[place] != "A" else "B"
    changed = issued.code[:place] + letter + issued.code[place + 1 :]
    assert refusal_of(house, redeeming(issued.client.client_id, changed)) == "InvalidGrant"
    assert issued.present() == ""


def test_a_code_may_be_redeemed_for_fewer_resources(house: House) -> None:
    """RFC 8707 §2.2: the token request narrows the audience of this access token, not the grant."""
    client, user = a_client(house), a_user(house)
    code = a_code(house, client, user, MCP, FILES)
    tokens = house.tokens.issue(redeeming(client.client_id, code, MCP))
    assert validate(house, tokens.access_token, FILES) is None
    assert validate(house, tokens.access_token, MCP) is not None
    assert validate(house, Connection(house, client, user, tokens).refresh().access_token, FILES) is not None


def test_a_resource_that_was_not_granted_burns_no_code(house: House) -> None:
    """RFC 8707 §2: invalid_target; the client may correct its request with the same code."""
    issued = issue(house, MCP)
    assert refusal_of(house, redeeming(issued.client.client_id, issued.code, FILES)) == "InvalidTarget"
    assert issued.grant().state is GrantState.PENDING
    assert issued.present() == ""


def test_a_client_without_refresh_tokens_gets_none(house: House) -> None:
    """RFC 6749 §5.2: who registered for authorization_code alone may not refresh."""
    client, user = a_client(house, grant_types=["authorization_code"]), a_user(house)
    tokens = house.tokens.issue(redeeming(client.client_id, a_code(house, client, user)))
    assert tokens.refresh_token is None


def test_the_answer_states_scope_and_lifetime(house: House) -> None:
    """RFC 6749 §5.1: expires_in in seconds, scope always stated."""
    client, user = a_client(house), a_user(house)
    code = a_code(house, client, user, scope="files unknown mcp")
    tokens = house.tokens.issue(redeeming(client.client_id, code))
    assert (tokens.expires_in, tokens.scope) == (3600, ("files", "mcp"))
