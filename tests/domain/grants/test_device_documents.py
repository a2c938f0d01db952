"""A terminal whose client is known by a document (RFC 8628, draft-ietf-oauth-client-id-metadata-document)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.domain.clients.authentication import ClientCredentials
from core.domain.clients.client import Client
from core.domain.clients.grant_types import DEVICE_CODE
from core.domain.errors import (
    ClientBlocked,
    ClientDocumentRefused,
    ClientDocumentUnwanted,
    ClientDocumentWanted,
    DeviceFlowDisabled,
    InvalidClient,
    Refusal,
    TooManyAttempts,
    UnauthorizedClient,
)
from core.domain.limits.rate import Rate
from core.domain.policy import DeviceFlowPolicy
from tests.domain.clients.documents import CLIENT, World, build_world
from tests.domain.device_road import a_device
from tests.domain.grants.test_document_clients import described, documents, rows
from tests.domain.house import OFF
from tests.domain.road import a_client

_FOR_DEVICES: dict[str, Any] = {"grant_types": ["authorization_code", "refresh_token", DEVICE_CODE]}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The host serves the document of a client for terminals."""
    with build_world(tmp_path, "other.example") as built:
        built.host.publish(CLIENT, **_FOR_DEVICES)
        yield built


def _client() -> Client:
    return described(**_FOR_DEVICES)


def _keep(world: World, client_id: str = CLIENT, network_address: str = "192.0.2.1") -> None:
    credentials = ClientCredentials(client_id, None, "none")
    world.house.device_clients.keep(credentials, network_address=network_address)


def test_from_the_document_to_tokens(world: World) -> None:
    """The first request says that a document is wanted, and decides and fetches nothing; then the client is kept, and
    the road is that of any terminal. What becomes of the document signs nobody out."""
    with pytest.raises(ClientDocumentWanted):
        a_device(world.house, client=_client())
    assert (world.host.requests, rows(world.house)) == ([], [])

    _keep(world)
    assert rows(world.house) == [CLIENT]
    device = a_device(world.house, client=_client())
    world.host.answers.clear()
    device.decide()
    assert device.poll().refresh_token
    assert a_device(world.house, client=_client()).refusal() == "AuthorizationPending"
    assert world.host.fetched() == 1


def test_what_is_looked_up_again_is_kept_as_it_is_now(world: World) -> None:
    """A client that an operator has deleted comes with its document once more, as in a browser."""
    _keep(world)
    world.house.clients.delete(CLIENT)

    with pytest.raises(ClientDocumentWanted):
        a_device(world.house, client=_client())
    _keep(world)
    assert a_device(world.house, client=_client()).refusal() == "AuthorizationPending"


def test_one_that_is_not_for_terminals_leaves_nothing(world: World) -> None:
    """RFC 7591 §2 "grant_types", RFC 6749 §5.2: unauthorized_client."""
    world.host.publish(CLIENT)

    with pytest.raises(UnauthorizedClient, match="device_code"):
        _keep(world)
    assert rows(world.house) == []


@pytest.mark.parametrize(
    ("client_id", "changes", "refusal"),
    [
        (CLIENT, {"refused_domains": ("client.example",)}, ClientDocumentUnwanted),
        (CLIENT, {"allowed_domains": ("other.example",)}, ClientDocumentUnwanted),
        (CLIENT, {"fetch": False}, ClientDocumentUnwanted),
        ("https://10.0.0.1/client.json", {}, ClientDocumentRefused),
        ("https://client.example/../client.json", {}, ClientDocumentRefused),
    ],
)
def test_whose_documents_are_taken_is_one_policy(
    world: World, client_id: str, changes: dict[str, Any], refusal: type[Refusal]
) -> None:
    """What a browser's request would not be looked up for, a terminal's is not either; nobody is asked for it."""
    with world.house.under(**documents(world, **changes)):
        with pytest.raises(refusal):
            world.house.device_clients.require_kept(ClientCredentials(client_id, None, "none"))
        with pytest.raises(refusal):
            _keep(world, client_id)
    assert (world.host.requests, rows(world.house)) == ([], [])


def test_a_blocked_one_stays_out(world: World) -> None:
    """A block outlives the deletion."""
    _keep(world)
    world.house.clients.block(CLIENT)
    with pytest.raises(InvalidClient):
        a_device(world.house, client=_client())
    with pytest.raises(ClientBlocked):
        _keep(world)


def test_a_client_that_is_new_counts_as_a_registration(world: World) -> None:
    """Each leaves a row that nobody has asked for yet; one that is known leaves none, and is let in all the same."""
    other = "https://other.example/client.json"
    world.host.publish(other, path="/other.json", **_FOR_DEVICES)
    world.host.answers["/client.json"], both = world.host.answers["/other.json"], world.host.answers["/client.json"]
    with world.house.under(registrations=Rate(1, 3600)):
        _keep(world, other)
        world.host.answers["/client.json"] = both
        with pytest.raises(TooManyAttempts):
            _keep(world)
        _keep(world, other)
        assert rows(world.house) == [other]


def test_nothing_is_looked_up_while_devices_are_not_let_in(world: World) -> None:
    """OAuth.DeviceFlow = false."""
    off = DeviceFlowPolicy(enabled=False, code_lifetime=600, authorizations=OFF, user_codes=OFF)
    with world.house.under(device_flow=off), pytest.raises(DeviceFlowDisabled):
        _keep(world)
    assert world.host.requests == []


def test_a_client_that_has_registered_has_no_document(world: World) -> None:
    """What it would be fetched from is no https URL."""
    client = a_client(world.house)

    with pytest.raises(InvalidClient):
        _keep(world, client.client_id)
