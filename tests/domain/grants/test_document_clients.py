"""A user connects a client that is known by its document: what is checked when, and what becomes of it later."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.domain.authorization.endpoint import DocumentWanted, LoginPrompt
from core.domain.clients.client import Client
from core.domain.clients.metadata_document import parse_own_document
from core.domain.errors import ClientDocumentRefused, InvalidClient, InvalidRedirectUri, InvalidRequest
from core.domain.policy import DocumentPolicy
from tests.document_host import a_document
from tests.domain.clients.documents import CLIENT, World, build_world
from tests.domain.house import DAY, House
from tests.domain.road import (
    BINDING,
    REDIRECT_URI,
    a_session,
    a_user,
    asked,
    connect,
    consent_page,
    decide,
    redeeming,
    refusal_of,
    start,
    validate,
)

OWN_CALLBACK = "https://client.example/callback"
#: What only looks like the host of the document.
ELSEWHERE = [
    "https://client.example:8443/callback",
    "https://client.example:443/callback",
    "https://below.client.example/callback",
    "https://client.example.other.example/callback",
    "https://CLIENT.example/callback",
    "com.client.example://client.example/callback",
    "https://other.example/callback",
]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The host serves a good document."""
    with build_world(tmp_path) as built:
        built.host.publish(CLIENT)
        yield built


def described(**members: Any) -> Client:
    """A client, as its document describes it."""
    return parse_own_document(a_document(CLIENT, **members)).to_client(1_800_000_000)


def rows(house: House) -> list[str]:
    """The clients that are stored."""
    return [client.client_id for client in house.store.list_clients(limit=10, after="")]


def documents(world: World, **changes: Any) -> dict[str, DocumentPolicy]:
    """Other settings of [ClientDocuments], for `House.under`."""
    current = world.house.policy.current.client_documents
    return {
        "client_documents": DocumentPolicy(
            **{name: changes.get(name, getattr(current, name)) for name in DocumentPolicy.__slots__}
        )
    }


def test_from_the_document_to_tokens(world: World) -> None:
    """Fetched once, at the authorization endpoint; the port of the user's own machine varies (RFC 8252 §7.3)."""
    connection = connect(world.house, client=described())

    assert connection.rotate().refresh_token
    assert validate(world.house, connection.tokens.access_token) is not None
    assert world.host.fetched() == 1
    assert world.house.clients.get(CLIENT).client_name == "A tool"


def test_nothing_is_stored_before_somebody_decides(world: World) -> None:
    """Whoever only asks, signed in or not, leaves no row; a no leaves one as a yes does."""
    session = a_session(world.house, a_user(world.house))
    assert isinstance(start(world.house, asked(described())), LoginPrompt)
    page = consent_page(world.house, asked(described()), session)
    assert rows(world.house) == []

    assert decide(world.house, page.sealed_request, session, approved=False)["error"] == "access_denied"
    assert rows(world.house) == [CLIENT]


def test_the_first_look_waits_for_nobody(world: World) -> None:
    """The endpoint says that a document is wanted, and fetches nothing; once it is known, it goes on at once."""

    def first_look() -> object:
        return world.house.endpoint.start(asked(described()), session_token="", browser_binding=BINDING)

    assert first_look() == DocumentWanted()
    assert world.host.requests == []

    start(world.house, asked(described()))
    assert isinstance(first_look(), LoginPrompt)


def test_a_vendors_outage_signs_nobody_out(world: World) -> None:
    """Refresh and redemption use what the grant knows: with the host gone, after months, and after a restart."""
    connection = connect(world.house, client=described())
    session = a_session(world.house, connection.user)
    code = decide(world.house, consent_page(world.house, asked(described()), session).sealed_request, session)["code"]
    world.network.names.clear()

    world.house.restart()
    assert world.house.tokens.issue(redeeming(CLIENT, code)).refresh_token
    for _ in range(5):
        world.house.clock.advance(20 * DAY)
        connection.rotate()
    assert world.host.fetched() == 1
    with pytest.raises(ClientDocumentRefused):
        start(world.house, asked(described()))


def test_what_the_operator_switches_off_is_for_new_connections(world: World) -> None:
    """Fetch = false and a refused domain end no connection; blocking the client does."""
    connection = connect(world.house, client=described())
    with world.house.under(**documents(world, fetch=False, refused_domains=("client.example",))):
        connection.rotate()
        with pytest.raises(ClientDocumentRefused):
            start(world.house, asked(described()))

    world.house.clients.block(CLIENT)
    assert refusal_of(world.house, redeeming(CLIENT, "x")) == "InvalidClient"
    assert validate(world.house, connection.tokens.access_token) is None
    with pytest.raises(InvalidClient):
        start(world.house, asked(described()))


def test_the_user_decides_about_what_was_shown(world: World) -> None:
    """Between page and decision the document changes, its host goes and the core restarts: none of it counts."""
    session = a_session(world.house, a_user(world.house))
    page = consent_page(world.house, asked(described()), session)
    world.host.publish(CLIENT, client_name="Another tool", redirect_uris=["http://127.0.0.1/another"])
    world.network.names.clear()
    world.house.restart()

    assert "code" in decide(world.house, page.sealed_request, session)
    assert world.house.clients.get(CLIENT).client_name == "A tool"
    assert world.host.fetched() == 1


def test_what_policy_says_at_the_decision_counts(world: World) -> None:
    """A domain that is refused, a switch, and a block that came while the page was open; a deletion is no block."""
    session = a_session(world.house, a_user(world.house))
    sealed = [consent_page(world.house, asked(described()), session).sealed_request for _ in range(4)]
    for changes in ({"fetch": False}, {"refused_domains": ("example",)}, {"allowed_domains": ("other.example",)}):
        with world.house.under(**documents(world, **changes)), pytest.raises(ClientDocumentRefused):
            decide(world.house, sealed[0], session)
    assert "code" in decide(world.house, sealed[0], session)

    world.house.clients.delete(CLIENT)
    assert rows(world.house) == []
    assert "code" in decide(world.house, sealed[1], session)
    assert rows(world.house) == [CLIENT]

    world.house.clients.block(CLIENT)
    with pytest.raises(InvalidClient):
        decide(world.house, sealed[2], session)
    world.house.clients.delete(CLIENT)
    with pytest.raises(InvalidClient):
        decide(world.house, sealed[3], session)
    assert rows(world.house) == []


def test_a_deleted_client_comes_back_without_its_grants(world: World) -> None:
    """The document is there, so the next user may connect it; what was ended stays ended."""
    connection = connect(world.house, client=described())
    world.house.clients.delete(CLIENT)
    assert refusal_of(world.house, redeeming(CLIENT, "x")) == "InvalidClient"

    assert connect(world.house, client=described()).rotate()
    assert connection.is_dead()


def test_a_newer_document_counts_at_the_next_connection(world: World) -> None:
    """Once it is fetched: its redirect URIs, its name, and when it was registered stays as it is."""
    connect(world.house, client=described())
    registered_at = world.house.clients.get(CLIENT).created_at
    world.host.publish(CLIENT, client_name="Newer", redirect_uris=["http://localhost/newer"])
    assert isinstance(start(world.house, asked(described())), LoginPrompt)
    world.house.clock.advance(DAY)

    with pytest.raises(InvalidRedirectUri, match="is not in the document"):
        start(world.house, asked(described()))
    user = a_user(world.house)
    session = a_session(world.house, user)
    page = consent_page(world.house, asked(described(), redirect_uri="http://localhost:1234/newer"), session)
    assert page.request.recipient.client.client_name == "Newer"
    decide(world.house, page.sealed_request, session)
    stored = world.house.clients.get(CLIENT)
    assert (stored.client_name, stored.created_at) == ("Newer", registered_at)


def test_a_redirect_uri_that_policy_does_not_allow(world: World) -> None:
    """The same policy as for clients that register; the refusal names both settings that would allow it."""
    world.host.publish(CLIENT, redirect_uris=[OWN_CALLBACK, "https://other.example/callback", REDIRECT_URI])

    for uri, hint in ((OWN_CALLBACK, "TrustedClientHost = client.example"), ("https://other.example/callback", "")):
        with pytest.raises(InvalidRedirectUri) as caught:
            start(world.house, asked(described(), redirect_uri=uri))
        assert uri in caught.value.description
        assert "Server.OAuthAllowedRedirectURI" in caught.value.description
        assert ("TrustedClientHost" in caught.value.description) == bool(hint)
        assert hint in caught.value.description
        with world.house.under(allowed_redirect_uris=(uri,)):
            assert isinstance(start(world.house, asked(described(), redirect_uri=uri)), LoginPrompt)
    assert isinstance(start(world.house, asked(described())), LoginPrompt)


def test_a_trusted_host(world: World) -> None:
    """TrustedClientHost: https, and the very host of the document, at the page and when the code is made."""
    same_host = [OWN_CALLBACK, "https://client.example/another?a=b"]
    world.host.publish(CLIENT, redirect_uris=[*same_host, *ELSEWHERE])
    session = a_session(world.house, a_user(world.house))
    trusting = documents(world, trusted_hosts=("client.example",))

    for uri in ELSEWHERE:
        with world.house.under(**trusting), pytest.raises(InvalidRedirectUri):
            start(world.house, asked(described(), redirect_uri=uri), session)
    for uri in same_host:
        with world.house.under(**trusting):
            page = consent_page(world.house, asked(described(), redirect_uri=uri), session)
        with pytest.raises(InvalidRedirectUri):
            decide(world.house, page.sealed_request, session)
        with world.house.under(**trusting):
            assert "code" in decide(world.house, page.sealed_request, session)


def test_trust_is_for_documents_alone(world: World) -> None:
    """A client that registers names no host, so it is trusted for none; nor is another host's document."""
    world.host.publish(CLIENT, redirect_uris=["https://trusted.example/callback"])
    trusting = documents(world, trusted_hosts=("trusted.example",))
    with world.house.under(**trusting), pytest.raises(InvalidRedirectUri):
        start(world.house, asked(described(), redirect_uri="https://trusted.example/callback"))


def test_a_sealed_request_is_decided_once(world: World) -> None:
    """As any other: a replay neither makes a second grant nor touches what is kept of the client."""
    session = a_session(world.house, a_user(world.house))
    old = consent_page(world.house, asked(described()), session).sealed_request
    decide(world.house, old, session)
    world.house.clock.advance(400)
    world.host.publish(CLIENT, client_name="Newer")
    decide(world.house, consent_page(world.house, asked(described()), session).sealed_request, session)

    with pytest.raises(InvalidRequest):
        decide(world.house, old, session)
    assert world.house.clients.get(CLIENT).client_name == "Newer"
