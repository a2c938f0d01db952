"""Clients that an operator registers: what may be written down of them, and their secrets while one is replaced."""

from dataclasses import replace
from typing import Any

import pytest

from core.domain.authorization.endpoint import ConsentPrompt, Redirect
from core.domain.clients.authentication import ClientCredentials
from core.domain.clients.preregistration import Preregistration, parse_preregistration
from core.domain.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    InvalidClient,
    InvalidRedirectUri,
    NotFound,
)
from tests.domain.house import House
from tests.domain.road import REDIRECT_URI, a_client, a_confidential_client, a_session, a_user, asked, start

_HTTPS = "https://portal.example.com/callback"
_WEB = Preregistration("portal", "The portal", (_HTTPS,))


def _is_good(house: House, client_id: str, secret: str) -> bool:
    try:
        house.authentication.authenticate(ClientCredentials(client_id, secret, "client_secret_basic"))
    except InvalidClient:
        return False
    return True


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"client_id": "client_x"}, "client_id"),
        ({"client_id": "https://a.example/x"}, "client_id"),
        ({"client_id": "a:b"}, "client_id"),
        ({"client_id": "x" * 129}, "client_id"),
        ({"client_name": "a\x1b[31mb"}, "client_name"),
        ({"authentication_method": "tls_client_auth"}, "authentication method"),
        ({"authentication_method": ""}, "authentication method"),
        ({"scope": ("two words",)}, "scope"),
        ({"redirect_uris": ("javascript://a/b",)}, "redirect_uri"),
        ({"redirect_uris": ("http://portal.example.com/",)}, "must be https"),
        ({"redirect_uris": ()}, "redirect URI"),
        ({"grant_types": ("password",)}, "password"),
        ({"grant_types": ("refresh_token",)}, "authorization_code"),
        ({"resources": ("https://a.example/",), "authentication_method": "none"}, "has to authenticate"),
        ({"grant_types": ("client_credentials",), "scope": ("mcp",)}, "not among its grant types"),
        ({"grant_types": ("client_credentials",), "redirect_uris": ()}, "needs the scopes"),
        (
            {
                "grant_types": ("client_credentials",),
                "redirect_uris": (),
                "scope": ("mcp",),
                "authentication_method": "none",
            },
            "clients that authenticate",
        ),
    ],
)
def test_what_cannot_be_used_is_said(changes: dict[str, Any], said: str) -> None:
    """RFC 7591 §2, RFC 9700 §4.1.3: an operator learns what to change; nothing dangerous is written down."""
    with pytest.raises(InvalidArgument, match=said):
        parse_preregistration(replace(_WEB, **changes), 0)


def test_a_resource_that_is_none(house: House) -> None:
    """RFC 8707 §2: a service that is nothing could never be asked for."""
    with pytest.raises(InvalidArgument, match="no uri"):
        a_confidential_client(house, redirect_uris=(), resources=("no uri",))


def test_a_scope_that_nobody_knows(house: House) -> None:
    """RFC 6749 §3.3: it could never be granted, and a slip is told to whoever made it, with the setting that would list
    it; nothing is written down."""
    with pytest.raises(InvalidArgument, match=r"scope fiels is not one of this server's: list it .* OAuth\.Scope"):
        a_confidential_client(house, client_id="slip", scope=("files", "fiels"))

    assert house.store.find_client("slip") is None
    a_confidential_client(house, client_id="slip", scope=("files", "offline_access"))


def test_a_registered_https_redirect_uri_needs_no_other_permission(house: House) -> None:
    """An operator has allowed it by registering it; to the letter, and for this client alone (RFC 9700 §4.1.3)."""
    client, _ = a_confidential_client(house, redirect_uris=(_HTTPS,))
    session = a_session(house, a_user(house))

    assert isinstance(start(house, asked(client, redirect_uri=_HTTPS), session), ConsentPrompt)
    for other in (f"{_HTTPS}/", f"{_HTTPS}?a=b", "https://portal.example.com:443/callback"):
        with pytest.raises(InvalidRedirectUri):
            start(house, asked(client, redirect_uri=other), session)
    with pytest.raises(InvalidRedirectUri):
        a_client(house, redirect_uris=[_HTTPS])


def test_a_confidential_client_has_the_port_that_is_registered(house: House) -> None:
    """RFC 8252 §7.3 is for programs on the user's machine, which keep no secret; a public client of an operator's is
    one."""
    confidential, _ = a_confidential_client(house)
    public, none = a_confidential_client(house, authentication_method="none")
    elsewhere, session = REDIRECT_URI.replace("49152", "49153"), a_session(house, a_user(house))

    assert none == ""
    assert isinstance(start(house, asked(public, redirect_uri=elsewhere), session), ConsentPrompt)
    assert isinstance(start(house, asked(confidential), session), ConsentPrompt)
    with pytest.raises(InvalidRedirectUri):
        start(house, asked(confidential, redirect_uri=elsewhere), session)


def test_a_tool_with_a_secret_listens_where_it_can_if_no_port_is_registered(house: House) -> None:
    """RFC 8252 §7.3: tools that take any port take a client_id and a secret, too; host and path stay as registered."""
    client, _ = a_confidential_client(house, redirect_uris=("http://localhost/oauth/callback",))
    session = a_session(house, a_user(house))

    for good in ("http://localhost/oauth/callback", "http://localhost:41905/oauth/callback"):
        assert isinstance(start(house, asked(client, redirect_uri=good), session), ConsentPrompt)
    for other in ("http://127.0.0.1:41905/oauth/callback", "http://localhost:41905/callback"):
        with pytest.raises(InvalidRedirectUri):
            start(house, asked(client, redirect_uri=other), session)


def test_pkce_stays_required(house: House) -> None:
    """OAuth 2.1 §4.1.1, row 3 of the reply table: a secret replaces no code_challenge."""
    client, _ = a_confidential_client(house)

    refused = start(house, asked(client, code_challenge=None, code_challenge_method=None))

    assert isinstance(refused, Redirect)
    assert dict(refused.parameters)["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("scope", "granted"), [(None, ("files",)), ("files", ("files",)), ("unknown", ("files",)), ("mcp files", None)]
)
def test_only_listed_scopes_are_granted(house: House, scope: str | None, granted: tuple[str, ...] | None) -> None:
    """RFC 6749 §3.3: another one is invalid_scope, and by default there is what of them is known."""
    client, _ = a_confidential_client(house, scope=("files",))

    answer = start(house, asked(client, scope=scope), a_session(house, a_user(house)))

    if granted is None:
        assert isinstance(answer, Redirect)
        assert dict(answer.parameters)["error"] == "invalid_scope"
    else:
        assert isinstance(answer, ConsentPrompt)
        assert answer.request.scope == granted


def test_secrets_overlap_while_one_is_replaced(house: House) -> None:
    """Both are good until the old one is taken away, and it is good for nothing once that was acknowledged."""
    client, old = a_confidential_client(house)
    [first] = house.preregistration.list_secrets(client)

    new = house.preregistration.add_secret(client.client_id)
    assert [_is_good(house, client.client_id, each) for each in (old, new.text)] == [True, True]
    house.preregistration.remove_secret(client.client_id, first.secret_id)
    assert [_is_good(house, client.client_id, each) for each in (old, new.text)] == [False, True]
    house.restart()
    assert [_is_good(house, client.client_id, each) for each in (old, new.text)] == [False, True]


def test_there_is_always_one_secret_and_never_a_heap(house: House) -> None:
    """The last one stays, so that nobody locks a client out by mistake; and five are enough."""
    client, _ = a_confidential_client(house)
    [only] = house.preregistration.list_secrets(client)

    with pytest.raises(FailedPrecondition, match="only secret"):
        house.preregistration.remove_secret(client.client_id, only.secret_id)
    with pytest.raises(NotFound):
        house.preregistration.remove_secret(client.client_id, "000000000000")
    for _ in range(4):
        house.preregistration.add_secret(client.client_id)
    with pytest.raises(FailedPrecondition, match="5 secrets"):
        house.preregistration.add_secret(client.client_id)


def test_a_public_client_has_no_secret_to_add(house: House) -> None:
    """RFC 6749 §2.1: it could not keep it."""
    for client in (a_client(house), a_confidential_client(house, authentication_method="none")[0]):
        with pytest.raises(FailedPrecondition, match="does not authenticate with a secret"):
            house.preregistration.add_secret(client.client_id)


def test_an_id_is_never_given_twice(house: House) -> None:
    """Neither while it is in use nor after it was deleted: whoever knew the first one would take the second for it.
    The secrets go with the client. An id that is a user's subject is nobody else's either (RFC 9068 §5)."""
    client, secret = a_confidential_client(house, client_id="nightly-report")
    with pytest.raises(AlreadyExists):
        a_confidential_client(house, client_id="nightly-report")
    house.clients.delete(client.client_id)

    assert not _is_good(house, "nightly-report", secret)
    assert house.store.list_client_secrets("nightly-report") == []
    with pytest.raises(AlreadyExists):
        a_confidential_client(house, client_id="nightly-report")
    with pytest.raises(AlreadyExists):
        a_confidential_client(house, client_id=a_user(house).subject)
