"""The decision: once, by the user who is signed in, in the browser that started, under the policy of that moment."""

from collections.abc import Callable

import pytest

from core.domain.clients.client import Client
from core.domain.errors import (
    ClientsDisabled,
    InvalidClient,
    InvalidRequest,
    InvalidTarget,
    LoginRequired,
    OAuthError,
    Refusal,
)
from core.domain.grants.grant import GrantState
from core.domain.users.user import User
from tests.domain.house import FILES, ISSUER, MCP, House
from tests.domain.road import (
    a_client,
    a_session,
    a_user,
    asked,
    consent_page,
    decide,
    grant_id_of,
    redeeming,
    refusal_of,
)


class Page:
    """A consent page that somebody looks at."""

    def __init__(self, house: House, *resources: str) -> None:
        self.house = house
        self.client: Client = a_client(house)
        self.user: User = a_user(house)
        self.session = a_session(house, self.user)
        request = asked(self.client) + [("resource", resource) for resource in resources]
        self.sealed = consent_page(house, request, self.session).sealed_request

    def decide(self, *, approved: bool = True) -> dict[str, str]:
        """Press Allow or Deny."""
        return decide(self.house, self.sealed, self.session, approved=approved)


def test_a_yes_stores_one_grant_and_gives_its_code(house: House) -> None:
    """RFC 6749 §4.1.2, RFC 9207: code, the exact state, iss; nothing was stored before."""
    before = len(house.store.list_grants(subject=None, client_id=None, live_at=None, limit=500, before=None))
    page = Page(house, MCP)
    answer = page.decide()
    assert set(answer) == {"code", "state", "iss"}
    grant = house.store.find_grant(grant_id_of(answer["code"]))
    assert grant is not None
    assert (grant.subject, grant.client_id, grant.resources) == (page.user.subject, page.client.client_id, (MCP,))
    assert grant.code_expires_at == house.clock.now() + 60
    grants = house.store.list_grants(subject=None, client_id=None, live_at=None, limit=500, before=None)
    assert len(grants) == before + 1


def test_a_no_is_told_to_the_client(house: House) -> None:
    """RFC 6749 §4.1.2.1: access_denied with state and iss, and no code."""
    page = Page(house)
    answer = page.decide(approved=False)
    rows = house.store.list_grants(subject=page.user.subject, client_id=None, live_at=None, limit=5, before=None)
    assert [row.state for row in rows] == [GrantState.DEAD]
    assert (answer["error"], answer["state"], answer["iss"]) == ("access_denied", "the state", ISSUER)
    assert "code" not in answer


@pytest.mark.parametrize(
    ("first", "second", "pause"),
    [(True, True, 11), (False, False, 11), (True, False, 0), (False, True, 0), (True, False, 11), (False, True, 11)],
)
@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
def test_a_request_is_decided_once(house: House, first: bool, second: bool, pause: int, restarted: bool) -> None:
    """CVE-2025-46815's class: yes then yes, yes then no, no then yes, no then no."""
    page = Page(house)
    answer = page.decide(approved=first)
    house.clock.advance(pause)
    if restarted:
        house.restart()
    with pytest.raises(InvalidRequest):
        page.decide(approved=second)
    if first:
        assert refusal_of(house, redeeming(page.client.client_id, answer["code"])) == ""


@pytest.mark.parametrize("approved", [True, False])
@pytest.mark.parametrize("pause", [0, 10])
def test_a_second_click_gets_the_same_answer(house: House, approved: bool, pause: int) -> None:
    """The browser throws the first answer away; the second one is the same, code and all, and there is one grant."""
    page = Page(house)
    answer = page.decide(approved=approved)
    house.clock.advance(pause)
    assert page.decide(approved=approved) == answer
    rows = house.store.list_grants(subject=page.user.subject, client_id=None, live_at=None, limit=5, before=None)
    assert len(rows) == 1


def test_a_second_click_after_the_code_was_used_is_too_late(house: House) -> None:
    """A code that was redeemed is told to nobody again."""
    page = Page(house)
    assert refusal_of(house, redeeming(page.client.client_id, page.decide(approved=True)["code"])) == ""
    with pytest.raises(InvalidRequest):
        page.decide(approved=True)


def test_two_pages_of_one_request_are_two_requests(house: House) -> None:
    """Opening the link in two tabs shows two pages; each may be answered."""
    client, session = a_client(house), a_session(house, a_user(house))
    one, other = (consent_page(house, asked(client), session).sealed_request for _ in range(2))
    assert "code" in decide(house, one, session)
    assert "code" in decide(house, other, session)


def _sign_out(page: Page) -> None:
    page.house.logins.log_out(page.session)


def _session_expires(page: Page) -> None:
    page.session = a_session(page.house, page.user)
    with page.house.under(session_lifetime=5):
        page.session = a_session(page.house, page.user)
    page.house.clock.advance(5)


def _disable(page: Page) -> None:
    page.house.users.disable(page.user.username)


def _delete_user(page: Page) -> None:
    page.house.users.delete(page.user.username)


def _new_password(page: Page) -> None:
    page.house.users.set_password(page.user.username, "another password", keep_grants=True)


def _delete_client(page: Page) -> None:
    page.house.clients.delete(page.client.client_id)


def _block_client(page: Page) -> None:
    page.house.clients.block(page.client.client_id)


def _wait(page: Page) -> None:
    page.house.clock.advance(600)


def _no_session(page: Page) -> None:
    page.session = ""


def _a_made_up_session(page: Page) -> None:
    page.session = "A" * 43


def _a_session_spelled_otherwise(page: Page) -> None:
    page.session = page.session + "="


BETWEEN: list[tuple[Callable[[Page], None], type[OAuthError]]] = [
    (_sign_out, LoginRequired),
    (_session_expires, LoginRequired),
    (_no_session, LoginRequired),
    (_a_made_up_session, LoginRequired),
    (_a_session_spelled_otherwise, LoginRequired),
    (_disable, LoginRequired),
    (_delete_user, LoginRequired),
    (_new_password, LoginRequired),
    (_delete_client, InvalidClient),
    (_block_client, InvalidClient),
    (_wait, InvalidRequest),
]


@pytest.mark.parametrize("approved", [True, False])
@pytest.mark.parametrize(("happening", "refusal"), BETWEEN)
def test_what_happens_between_the_page_and_the_decision_counts(
    house: House, happening: Callable[[Page], None], refusal: type[OAuthError], approved: bool
) -> None:
    """Everything is checked again when the button is pressed, for a yes and for a no."""
    page = Page(house)
    happening(page)
    with pytest.raises(refusal):
        page.decide(approved=approved)
    found = house.store.list_grants(subject=page.user.subject, client_id=None, live_at=None, limit=5, before=None)
    assert not found


def test_a_resource_taken_off_the_list_is_granted_no_more(house: House) -> None:
    """The policy in force when the button is pressed decides (a reload while the page was open)."""
    with house.under(resources=(MCP, FILES)):
        page = Page(house, MCP)
    with house.under(resources=(FILES,)), pytest.raises(InvalidTarget):
        page.decide()


def test_no_decision_while_clients_are_switched_off(house: House) -> None:
    """Server.OAuthClientsEnabled = false between page and decision."""
    page = Page(house)
    with house.under(clients_enabled=False), pytest.raises(ClientsDisabled):
        page.decide()
    assert "code" in page.decide()


def test_another_browser_cannot_decide(house: House) -> None:
    """CVE-2026-27124: a page sent to somebody else's browser grants nothing, signed in or not."""
    page = Page(house)
    victim = a_session(house, a_user(house))
    other = b"the victim's browser".ljust(32, b".")
    for session in (page.session, victim):
        with pytest.raises(InvalidRequest):
            decide(house, page.sealed, session, binding=other)


def test_the_one_who_is_signed_in_when_deciding_gives_the_grant(house: House) -> None:
    """The session of the decision names the user, nothing in the form does."""
    page = Page(house)
    other = a_user(house)
    code = decide(house, page.sealed, a_session(house, other))["code"]
    grant = house.store.find_grant(grant_id_of(code))
    assert grant is not None
    assert grant.subject == other.subject


def test_no_token_opens_the_consent(house: House) -> None:
    """An access token, refresh token or code is no browser session."""
    page = Page(house)
    code = page.decide()["code"]
    tokens = house.tokens.issue(redeeming(page.client.client_id, code))
    again = Page(house)
    for token in (code, tokens.access_token, tokens.refresh_token or ""):
        again.session = token
        with pytest.raises(Refusal):
            again.decide()


@pytest.mark.parametrize("happening", [_sign_out, _new_password, _disable, _delete_user])
def test_what_ends_the_session_while_the_decision_is_made_counts(
    house: House, monkeypatch: pytest.MonkeyPatch, happening: Callable[[Page], None]
) -> None:
    """The session is looked at again in the transaction that stores the grant: no yes outlives its session."""
    page, reopen = Page(house), house.endpoint.reopen

    def reopen_then_lose(sealed: str, browser_binding: bytes) -> object:
        opened = reopen(sealed, browser_binding)
        happening(page)
        return opened

    monkeypatch.setattr(house.endpoint, "reopen", reopen_then_lose)
    with pytest.raises(LoginRequired):
        page.decide()
    rows = house.store.list_grants(subject=page.user.subject, client_id=None, live_at=None, limit=5, before=None)
    assert rows == []
