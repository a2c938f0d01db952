"""Keys at a jwks_uri: fetched by the guard outside the batch, kept, and looked for again at most once in 30 seconds."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from core.domain.clients import host_turns
from core.domain.clients.authentication import ClientCredentials
from core.domain.clients.client import Client
from core.domain.clients.key_sets import ASKED_EVERY
from core.domain.clients.metadata_document import parse_own_document
from core.domain.clients.redirect_policy import parse_redirect_uri
from core.domain.errors import (
    ClientDocumentRefused,
    ClientKeysWanted,
    InvalidArgument,
    InvalidClient,
    TemporarilyUnavailable,
    TooManyAttempts,
)
from core.domain.limits.rate import Rate
from core.store.sqlite.transaction import SqliteTransaction
from tests.assertions import KeyPair, a_key_pair
from tests.document_host import a_document
from tests.domain.clients.documents import CLIENT, World, build_world
from tests.domain.grants.test_document_clients import documents
from tests.domain.house import ISSUER, House
from tests.domain.road import REDIRECT_URI, a_code, a_confidential_client, a_user, redeeming, refreshing, refusal_of

_PATH = "/jwks.json"
_URI = f"https://client.example{_PATH}"
_OLD, _NEW = a_key_pair(key_id="old"), a_key_pair(key_id="new")
_DAY = 24 * 3600


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for all; each test makes clients of its own."""
    with build_world(tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest.fixture
def world(built: World) -> World:
    """Nothing fetched, one key served."""
    built.begin_anew()
    # What was fetched for the tests before is a day old, and looked at again.
    built.house.clock.advance(2 * _DAY)
    _serve(built, _OLD)
    return built


def _serve(world: World, *keys: KeyPair, path: str = _PATH) -> None:
    body = json.dumps({"keys": [key.jwk for key in keys]}).encode()
    world.host.serve(path, body, "Content-Type: application/jwk-set+json")


def _a_program(house: House, **wanted: Any) -> Client:
    return a_confidential_client(
        house, **{"authentication_method": "private_key_jwt", "jwks_uri": _URI, "redirect_uris": (), "scope": ("mcp",),
                  "grant_types": ("client_credentials",), **wanted}
    )[0]  # fmt: skip


def _proof(house: House, client: Client, keys: KeyPair, **changes: Any) -> ClientCredentials:
    assertion = keys.sign(client.client_id, ISSUER, house.clock.now(), **changes)
    return ClientCredentials(client.client_id, None, "private_key_jwt", assertion, secrets.token_bytes(16))


def _answer(house: House, credentials: ClientCredentials) -> str:
    """As the facade asks: once more when the keys have been fetched."""
    for _ in range(2):
        try:
            house.authentication.authenticate(credentials)
        except ClientKeysWanted:
            try:
                house.authentication.load_keys(credentials)
            except InvalidClient as refusal:
                return refusal.description
        except InvalidClient as refusal:
            return refusal.description
        else:
            return ""
    return "wanted again"


def test_the_keys_are_fetched_once_and_kept(world: World) -> None:
    """Whoever authenticates never waits on the network: it says what has to be fetched, and nothing is decided."""
    house = world.house
    client = _a_program(house)
    with pytest.raises(ClientKeysWanted):
        house.authentication.authenticate(_proof(house, client, _OLD))
    assert world.host.fetched(_PATH) == 0

    assert [_answer(house, _proof(house, client, _OLD)) for _ in range(3)] == ["", "", ""]
    assert world.host.fetched(_PATH) == 1


def test_one_fetch_at_a_time_from_one_host(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is wanted from it: who asks for its keys waits for whoever asks for a document, and not for ever."""
    house = world.house
    proof = _proof(house, _a_program(house), _OLD)
    monkeypatch.setattr(host_turns, "PATIENCE", 0.01)
    with house.documents.turns.take("client.example"), pytest.raises(TemporarilyUnavailable):
        house.authentication.load_keys(proof)
    assert world.host.fetched(_PATH) == 0

    assert _answer(house, proof) == ""


def test_keys_have_a_budget_in_all(world: World) -> None:
    """Ten times what one network may fetch of documents, and apart from those: many URIs make nobody knock for ever."""
    house = world.house
    with house.under(**documents(world, fetches=Rate(1, 60))):
        for number in range(10):
            _serve(world, _OLD, path=f"/jwks/{number}")
            assert (
                _answer(house, _proof(house, _a_program(house, jwks_uri=f"https://client.example/jwks/{number}"), _OLD))
                == ""
            )
        with pytest.raises(TooManyAttempts):
            _answer(house, _proof(house, _a_program(house, jwks_uri="https://client.example/jwks/10"), _OLD))


def test_an_unknown_kid_is_looked_for_at_most_once_in_30_seconds(world: World) -> None:
    """A key that was added is found; assertions that name keys of nobody's make nobody knock."""
    house = world.house
    client = _a_program(house)
    assert _answer(house, _proof(house, client, _OLD)) == ""
    _serve(world, _OLD, _NEW)

    for _ in range(5):
        assert "kid" in _answer(house, _proof(house, client, _NEW))
    assert world.host.fetched(_PATH) == 1
    house.clock.advance(ASKED_EVERY)
    assert _answer(house, _proof(house, client, _NEW)) == ""
    for _ in range(5):
        assert "kid" in _answer(house, _proof(house, client, a_key_pair(key_id="nobody's")))
    assert world.host.fetched(_PATH) == 2
    assert _answer(house, _proof(house, client, _OLD)) == ""


def test_a_key_without_a_name_is_looked_for_as_well(world: World) -> None:
    """An assertion need not name its key (RFC 7515 §4.1.4), so where none of those at hand has signed it a new one may
    have: it is looked for, and no more often than one that is named."""
    house = world.house
    client = _a_program(house)
    assert _answer(house, _proof(house, client, _OLD, header={"kid": None})) == ""
    _serve(world, _NEW)

    for _ in range(5):
        assert "has signed it so" in _answer(house, _proof(house, client, _NEW, header={"kid": None}))
    assert world.host.fetched(_PATH) == 1
    house.clock.advance(ASKED_EVERY)
    assert _answer(house, _proof(house, client, _NEW, header={"kid": None})) == ""
    for _ in range(5):
        assert "has signed it so" in _answer(house, _proof(house, client, _OLD, header={"kid": None}))
    assert world.host.fetched(_PATH) == 2


def test_a_key_that_was_taken_away_is_good_no_more(world: World) -> None:
    """When the keys are fetched again, after what their host's headers say and at least five minutes."""
    house = world.house
    client = _a_program(house)
    assert _answer(house, _proof(house, client, _OLD)) == ""
    _serve(world, _NEW)

    house.clock.advance(299)
    assert _answer(house, _proof(house, client, _OLD)) == ""
    house.clock.advance(1)
    assert "kid" in _answer(house, _proof(house, client, _OLD))
    assert _answer(house, _proof(house, client, _NEW)) == ""


def test_the_hosts_outage_signs_nobody_out(world: World) -> None:
    """What was good goes on for a day; then there are no keys, and the client is told so."""
    house = world.house
    client = _a_program(house)
    assert _answer(house, _proof(house, client, _OLD)) == ""
    world.host.answers.clear()

    house.clock.advance(_DAY - 1)
    assert _answer(house, _proof(house, client, _OLD)) == ""
    house.clock.advance(ASKED_EVERY)
    assert "cannot be had" in _answer(house, _proof(house, client, _OLD))
    assert world.host.fetched(_PATH) == 3
    _serve(world, _OLD)
    assert "cannot be had" in _answer(house, _proof(house, client, _OLD))
    house.clock.advance(ASKED_EVERY)
    assert _answer(house, _proof(house, client, _OLD)) == ""


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"keys": []}', b'{"keys": [{"kty": "oct", "k": "AQAB"}]}', b"\xff", b"x" * 6000]
)
def test_what_holds_no_key_is_none(world: World, body: bytes) -> None:
    """RFC 7517 §5; at most 5 KB, and a shared key that everybody can read is refused with all that stand beside it."""
    house = world.house
    client = _a_program(house)
    world.host.serve(_PATH, body, "Content-Type: application/json")

    assert "cannot be had or used" in _answer(house, _proof(house, client, _OLD))


def test_keys_of_other_kinds_are_passed_over(world: World) -> None:
    """RFC 7517 §5: a set serves other readers, too."""
    house = world.house
    client = _a_program(house)
    keys = [{"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"}, {"kty": "new"}, _OLD.jwk]
    world.host.serve(_PATH, json.dumps({"keys": keys}).encode(), "Content-Type: application/json")

    assert _answer(house, _proof(house, client, _OLD)) == ""


def test_the_guard_stands_before_it(world: World) -> None:
    """CVE-2026-55671: a jwks_uri leads to nothing that is not public, however it was written down."""
    house = world.house
    client = _a_program(house)
    world.network.names["client.example"] = [["10.0.0.7"]]

    assert "cannot be had" in _answer(house, _proof(house, client, _OLD))
    assert world.network.connected == []
    for uri in ("http://client.example/k", "https://127.1/k", "https://client.example/../k", "file:///etc/passwd"):
        with pytest.raises(InvalidArgument, match="jwks_uri"):
            _a_program(house, jwks_uri=uri)


def _described(world: World, **members: Any) -> Client:
    return parse_own_document(a_document(CLIENT, redirect_uris=[REDIRECT_URI], **members)).to_client(
        world.house.clock.now()
    )


def test_a_document_with_keys_is_a_client_that_proves_who_it_is(world: World) -> None:
    """Draft, "Client Authentication": with jwks, or with a jwks_uri that is fetched as documents may be; the name
    alone is invalid_client, at every endpoint, while its user stays connected."""
    house = world.house
    for keys in ({"jwks": {"keys": [_OLD.jwk]}}, {"jwks_uri": _URI}):
        described = _described(world, token_endpoint_auth_method="private_key_jwt", **keys)
        client = house.store.write(partial(SqliteTransaction.keep_document_client, client=described))
        assert client.terms.authentication_method == "private_key_jwt"

        assert "private_key_jwt" in _answer(house, ClientCredentials(CLIENT, None, "none"))
        assert _answer(house, _proof(house, client, _OLD)) == ""
        assert "client_assertion" in _answer(house, _proof(house, client, _NEW))


def test_a_document_that_offers_both_may_do_either(world: World) -> None:
    """ChatGPT's says private_key_jwt and none: what it then does has to be right."""
    house = world.house
    described = _described(
        world,
        token_endpoint_auth_method="private_key_jwt",
        token_endpoint_auth_methods_supported=["private_key_jwt", "none"],
        jwks_uri=_URI,
    )
    client = house.store.write(lambda tx: tx.keep_document_client(described))

    assert not client.terms.confidential
    assert _answer(house, ClientCredentials(CLIENT, None, "none")) == ""
    assert _answer(house, _proof(house, client, _OLD)) == ""
    assert "kid" in _answer(house, _proof(house, client, _NEW))
    assert "no secret" in _answer(house, ClientCredentials(CLIENT, "made up", "client_secret_post"))


def test_a_document_opens_no_host_that_documents_may_not_come_from(world: World) -> None:
    """[ClientDocuments] holds for its keys, too; an operator's own clients have that operator's word."""
    house = world.house
    described = _described(world, token_endpoint_auth_method="private_key_jwt", jwks_uri=_URI)
    client = house.store.write(lambda tx: tx.keep_document_client(described))
    program = _a_program(house)
    for settings in (
        {"fetch": False},
        {"refused_domains": ("client.example",)},
        {"allowed_domains": ("other.example",)},
    ):
        with house.under(**documents(world, **settings)):
            assert "fetches no keys" in _answer(house, _proof(house, client, _OLD))
    assert world.host.fetched(_PATH) == 0
    with house.under(**documents(world, fetch=False)):
        assert _answer(house, _proof(house, program, _OLD)) == ""


def test_a_user_connects_a_client_whose_document_has_keys(world: World) -> None:
    """From the document to a refresh, each with a proof of its own; its listener's port may vary as any tool's."""
    house = world.house
    members: dict[str, Any] = {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [_OLD.jwk]}}
    world.host.publish(CLIENT, **members)
    client = _described(world, **members)
    redemption = redeeming(CLIENT, a_code(house, client, a_user(house)))

    tokens = house.tokens.issue(replace(redemption, client=_proof(house, client, _OLD)))
    refresh = refreshing(CLIENT, tokens.refresh_token or "")
    assert refusal_of(house, refresh) == "InvalidClient"
    assert house.tokens.issue(replace(refresh, client=_proof(house, client, _OLD))).verdict == "rotated"
    assert client.has_redirect_uri(parse_redirect_uri(REDIRECT_URI.replace("49152", "5")))
    assert house.clients.get(CLIENT).terms == client.terms


def test_a_document_with_no_usable_key_is_refused() -> None:
    """It could never prove who it is."""
    with pytest.raises(ClientDocumentRefused, match="jwks"):
        parse_own_document(a_document(CLIENT, token_endpoint_auth_method="private_key_jwt"))
