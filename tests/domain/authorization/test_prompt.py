"""The prompt parameter (OpenID Connect Core §3.1.2.1), and who is asked when."""

import pytest

from core.domain.authorization.endpoint import ConsentPrompt, LoginPrompt, Redirect
from core.domain.clients.client import Client
from tests.domain.house import House
from tests.domain.road import BINDING, a_client, a_session, a_user, asked, consent_page, decide, start


@pytest.fixture(scope="module")
def client(house: House) -> Client:
    """A client that every test of this file may use: none of them changes it."""
    return a_client(house)


@pytest.fixture(scope="module")
def session(house: House) -> str:
    """A session that no test of this file ends."""
    return a_session(house, a_user(house))


PROMPTS = [
    (None, LoginPrompt, ConsentPrompt),
    ("consent", LoginPrompt, ConsentPrompt),
    ("select_account", LoginPrompt, ConsentPrompt),
    ("login", LoginPrompt, LoginPrompt),
    ("login consent", LoginPrompt, LoginPrompt),
    ("create", LoginPrompt, ConsentPrompt),
    ("none login", LoginPrompt, LoginPrompt),
    ("none consent", LoginPrompt, ConsentPrompt),
    ("anything else", LoginPrompt, ConsentPrompt),
    ("", LoginPrompt, ConsentPrompt),
]


@pytest.mark.parametrize(("prompt", "signed_out", "signed_in"), PROMPTS)
def test_a_prompt_is_never_an_error(
    house: House, client: Client, session: str, prompt: str | None, signed_out: type[object], signed_in: type[object]
) -> None:
    """OpenID Connect Core §3.1.2.1: login asks for the password again, the rest changes nothing."""
    assert isinstance(start(house, asked(client, prompt=prompt)), signed_out)
    assert isinstance(start(house, asked(client, prompt=prompt), session), signed_in)


@pytest.mark.parametrize(("signed_in", "error"), [(False, "login_required"), (True, "consent_required")])
def test_prompt_none_never_shows_a_page_and_never_gives_a_code(house: House, signed_in: bool, error: str) -> None:
    """OpenID Connect Core §3.1.2.6; a public client proves nothing, so nobody's consent is taken for granted."""
    session = a_session(house, a_user(house)) if signed_in else ""
    outcome = start(house, asked(a_client(house), prompt="none"), session)
    assert isinstance(outcome, Redirect)
    assert dict(outcome.parameters)["error"] == error


def test_a_prompt_for_a_login_is_fulfilled_by_it(house: House) -> None:
    """After the login the request goes on without prompt=login, or the browser would go round for ever."""
    client = a_client(house)
    prompt = start(house, asked(client, prompt="login consent"))
    assert isinstance(prompt, LoginPrompt)
    after = house.endpoint.parameters_after_login(prompt.sealed_request, BINDING)
    assert dict(after)["prompt"] == "consent"
    assert isinstance(start(house, list(after), a_session(house, a_user(house))), ConsentPrompt)


def test_a_consent_is_never_remembered_for_a_public_client(house: House) -> None:
    """RFC 6749 §10.2: whoever cannot prove who they are is asked for every time."""
    client, session = a_client(house), a_session(house, a_user(house))
    decide(house, consent_page(house, asked(client), session).sealed_request, session)
    assert isinstance(start(house, asked(client), session), ConsentPrompt)
