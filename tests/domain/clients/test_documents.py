"""When a document is fetched, for how long it counts, and how often anybody may make this server ask."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from core.domain.clients import host_turns
from core.domain.clients.client import Client
from core.domain.clients.document_memory import LONGEST_FRESH, SHORTEST_FRESH
from core.domain.clients.documents import ClientDocuments, FetchResult
from core.domain.clients.metadata_document import parse_own_document
from core.domain.errors import ClientDocumentRefused, InvalidClient, TemporarilyUnavailable, TooManyAttempts
from core.domain.limits.rate import Rate
from core.outbound.client_documents import FetchedDocuments
from core.outbound.guarded_http import GuardedHttp
from tests.document_host import a_document, http_answer
from tests.domain.clients.documents import ADDRESS, CLIENT, World, build_world
from tests.domain.road import a_network_that_is_known
from tests.fakes.network import HangingNetwork
from tests.patience import PATIENCE
from tests.running import wait_until

OTHER = "https://other.example/client.json"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A host of three names."""
    with build_world(tmp_path_factory.mktemp("world"), "other.example", "below.other.example") as world:
        yield world


@pytest.fixture
def world(built: World) -> World:
    """Nothing has been fetched, and nothing has failed."""
    built.begin_anew()
    return built


def load(world: World, client_id: str = CLIENT, *, network_address: str = "192.0.2.1") -> Client:
    """The client, fetched where that is needed."""
    return world.house.documents.load(client_id, world.house.policy.current, network_address=network_address)


def refusal(world: World, client_id: str = CLIENT) -> str:
    """Why there is none."""
    with pytest.raises(ClientDocumentRefused) as caught:
        load(world, client_id)
    return caught.value.description.removeprefix(f"{client_id}: ")


def was_asked(world: World) -> bool:
    """Whether this server was not too busy to ask for the document, wherever it then was."""
    try:
        refusal(world)
    except TemporarilyUnavailable:
        return False
    return True


def under(world: World, **documents: Any) -> None:
    """Other settings of [ClientDocuments]."""
    current = world.house.policy.current
    world.house.policy.current = replace(current, client_documents=replace(current.client_documents, **documents))


@pytest.mark.parametrize(
    ("told", "kept_for"),
    [
        ("", SHORTEST_FRESH),
        ("Cache-Control: max-age=1", SHORTEST_FRESH),
        ("Cache-Control: no-store", SHORTEST_FRESH),
        ("Cache-Control: max-age=301", 301),
        ("Cache-Control: max-age=3600", 3600),
        ("Cache-Control: max-age=86401", LONGEST_FRESH),
        ("Cache-Control: max-age=99999999999999", LONGEST_FRESH),
    ],
)
def test_a_good_document_is_fetched_again_when_it_is_old(world: World, told: str, kept_for: int) -> None:
    """What its server asks for, within five minutes and a day (draft, "Metadata Caching")."""
    world.host.publish(CLIENT, *([told] if told else []))
    load(world)

    world.house.clock.advance(kept_for - 1)
    assert load(world).client_id == CLIENT
    assert world.house.documents.find(CLIENT, world.house.policy.current) is not None
    assert world.host.fetched() == 1

    world.house.clock.advance(1)
    assert world.house.documents.find(CLIENT, world.house.policy.current) is None
    world.host.publish(CLIENT, client_name="Newer")
    assert load(world).client_name == "Newer"
    assert world.host.fetched() == 2


def test_an_old_document_is_not_taken_for_a_new_one(world: World) -> None:
    """Where it cannot be had any more, the old one has had its time."""
    world.host.publish(CLIENT)
    load(world)
    world.house.clock.advance(SHORTEST_FRESH)
    world.host.answers.clear()

    assert refusal(world) == "its host answers with status 404"


@pytest.mark.parametrize("body", [b"{}", b"<html>", a_document(OTHER), a_document(CLIENT, client_secret="s")])
def test_a_bad_document_is_never_kept(world: World, body: bytes) -> None:
    """Errors and documents that cannot be used are not cached, whatever their headers say: as soon as it is asked for
    again, what is there then counts."""
    world.host.serve("/client.json", body, "Content-Type: application/json", "Cache-Control: max-age=86400")
    reason = refusal(world)
    assert refusal(world) == f"{reason}; it is asked for again in 5 s"

    world.host.publish(CLIENT)
    world.house.clock.advance(5)
    assert load(world).client_id == CLIENT
    assert world.host.fetched() == 2


def test_who_fails_again_and_again_is_asked_less_often(world: World) -> None:
    """5, 10, 20, 40, and then 60 seconds; after some quiet minutes, and after a good answer, from the beginning."""
    for pause in (5, 10, 20, 40, 60, 60):
        refusal(world)
        assert refusal(world).endswith(f"again in {pause} s")
        world.house.clock.advance(pause)
    assert world.host.fetched() == 6

    world.house.clock.advance(10 * 60)
    refusal(world)
    assert refusal(world).endswith("again in 5 s")
    world.house.clock.advance(5)
    world.host.publish(CLIENT)
    load(world)
    world.host.answers.clear()
    world.house.clock.advance(SHORTEST_FRESH)
    refusal(world)
    assert refusal(world).endswith("again in 5 s")


def test_a_host_that_cannot_be_reached_is_left_alone(world: World) -> None:
    """Whichever of its documents is asked for."""
    world.network.routes.clear()

    assert refusal(world) == "its host cannot be reached"
    assert (
        refusal(world, "https://client.example/another") == "its host cannot be reached; it is asked for again in 5 s"
    )
    assert len(world.network.connected) == 1
    assert refusal(world, OTHER) == "its host cannot be reached"


def test_a_server_that_is_busy_blames_nobody(world: World) -> None:
    """What this server had no time to ask for is not held against its host: the next one who comes asks."""
    network = HangingNetwork()
    fetched = FetchedDocuments(GuardedHttp(network, time=0.001))
    results: list[FetchResult] = []
    world.house.documents = ClientDocuments(world.house.store, fetched, world.house.clock, results.append)
    try:
        for number in range(64):
            assert "leads nowhere" in refusal(world, f"https://h{number}.example/c")
        for _ in range(2):
            with pytest.raises(TemporarilyUnavailable):
                load(world)
        assert len(network.asked) == 64
        # So it is counted, too (README, Metrics).
        assert results == [FetchResult.UNAVAILABLE] * 64 + [FetchResult.BUSY] * 2
    finally:
        network.released.set()
    wait_until(lambda: was_asked(world), "a question to be over")
    assert network.asked[64:] == ["client.example"]


def test_nobody_bars_others_from_a_host(world: World) -> None:
    """Asking for documents that are not there, or that are bad, is no reason to leave the good ones alone."""
    world.host.publish(CLIENT)
    world.host.publish("https://client.example/bad", path="/bad", client_secret="s")

    for path in ("nowhere", "bad", "client.json/", "client.json?"):
        refusal(world, f"https://client.example/{path}")
    refusal(world, "https://client.example:8443/client.json")

    assert load(world).client_id == CLIENT


def test_a_rate_for_each_network_and_for_all(world: World) -> None:
    """Limits.ClientDocuments: what is fetched counts, good or bad; what is known does not."""
    under(world, fetches=Rate(2, 60))
    world.host.publish(CLIENT)

    load(world)
    refusal(world, "https://client.example/1")
    for _ in range(3):
        load(world)
        refusal(world, "https://client.example/1")
    with pytest.raises(TooManyAttempts) as caught:
        load(world, "https://client.example/2")
    assert 0 < caught.value.retry_after <= 30

    for number in range(18):
        with pytest.raises(ClientDocumentRefused):
            load(world, f"https://client.example/n{number}", network_address=f"192.0.2.{number // 2 + 10}")
    with pytest.raises(TooManyAttempts):
        load(world, "https://client.example/2", network_address="192.0.2.200")
    assert len(world.host.requests) == 20
    # What all have together is for networks from which nobody has signed in within a month.
    known = a_network_that_is_known(world.house)
    for number in range(2):
        with pytest.raises(ClientDocumentRefused):
            load(world, f"https://client.example/k{number}", network_address=known)
    with pytest.raises(TooManyAttempts):
        load(world, "https://client.example/2", network_address=known)


def test_no_rate(world: World) -> None:
    """0 is off."""
    under(world, fetches=Rate(0, 0))

    for number in range(40):
        assert "404" in refusal(world, f"https://client.example/{number}")


def test_many_ask_for_one_document(world: World) -> None:
    """It is fetched once: the others wait for it, and get what came."""
    world.host.publish(CLIENT)

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: load(world), range(4)))

    assert found == [found[0]] * 4
    assert world.host.fetched() == 1


def test_one_at_a_time_for_each_host(world: World) -> None:
    """A host that is slow holds up those who want its documents, one after the other, and nobody else."""
    asked, released, at_once = threading.Event(), threading.Event(), []

    def slow(connection: Any) -> None:
        at_once.append(1)
        asked.set()
        released.wait(PATIENCE)
        assert len(at_once) == 1
        at_once.pop()
        connection.sendall(http_answer(a_document(CLIENT), "Content-Type: application/json"))

    world.host.answers |= {f"/{number}": slow for number in range(4)}
    world.host.publish(OTHER)
    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(refusal, world, "https://client.example/0")
        assert asked.wait(PATIENCE)
        others = [threads.submit(refusal, world, f"https://client.example/{number}") for number in (1, 2, 3)]

        assert load(world, OTHER).client_id == OTHER
        wait_until(lambda: world.house.documents.turns.interested("client.example") == 4, "all of them to wait")
        with pytest.raises(TemporarilyUnavailable):
            load(world, "https://client.example/4")
        released.set()
        # Each of them came, and was of another client.
        assert {future.result(PATIENCE) for future in (first, *others)} == {"the client_id in it is another one"}
    assert len(world.host.requests) == 5


def test_who_waits_too_long_is_told_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a host longer than a few seconds."""
    monkeypatch.setattr(host_turns, "PATIENCE", 0.01)
    turns = host_turns.HostTurns()
    with turns.take("client.example"):
        with pytest.raises(TemporarilyUnavailable), turns.take("client.example"):
            raise AssertionError("two at a time")
        with turns.take("other.example"):
            pass
    with turns.take("client.example"):
        pass


def test_switched_off(world: World) -> None:
    """ClientDocuments.Fetch = false: nothing is fetched, what was fetched no longer counts, and nothing is offered."""
    world.host.publish(CLIENT)
    load(world)
    assert world.house.documents.are_taken(world.house.policy.current)
    under(world, fetch=False)

    assert refusal(world) == "this server fetches no documents of apps"
    assert not world.house.documents.are_taken(world.house.policy.current)
    assert world.host.fetched() == 1


def test_domains(world: World) -> None:
    """AllowedDomain and RefusedDomain count for what is below them, and for no name that only ends alike."""
    for name in ("client", "other", "below.other"):
        client_id = f"https://{name}.example/{name}"
        world.host.publish(client_id, path=f"/{name}")
    allowed = "its host is not one whose apps this server lets in"
    refused = "this server refuses the apps of its host"

    under(world, allowed_domains=("other.example",))
    assert load(world, "https://other.example/other")
    assert load(world, "https://below.other.example/below.other")
    assert refusal(world, "https://client.example/client") == allowed
    assert refusal(world, "https://another.example/c") == allowed

    under(world, refused_domains=("below.other.example",))
    assert load(world, "https://other.example/other")
    assert refusal(world, "https://below.other.example/below.other") == refused

    under(world, allowed_domains=(), refused_domains=("other.example",))
    assert refusal(world, "https://other.example/other") == refused
    assert load(world, "https://client.example/client")


def test_this_machine(world: World) -> None:
    """Only a server whose own address is on this machine asks it for documents."""
    own = "https://localhost:9443/client.json"
    assert refusal(world, own) == "its host must be a public name in lower case"
    assert world.network.connected == []

    world.house.policy.current = replace(world.house.policy.current, issuer="http://localhost:8080/auth")
    assert refusal(world, own) == "its host cannot be reached"
    assert world.network.connected == [("127.0.0.1", 9443), ("::1", 9443)]


def test_documents_out_of_files(world: World) -> None:
    """They are never fetched, count without a way out, and are gone when the file is."""
    world.house.documents.give([parse_own_document(a_document(CLIENT, client_name="Out of a file"))])
    under(world, fetch=False, allowed_domains=("other.example",))
    world.house.clock.advance(10 * LONGEST_FRESH)

    assert load(world).client_name == "Out of a file"
    assert world.house.documents.are_taken(world.house.policy.current)
    assert world.host.requests == []

    under(world, refused_domains=("client.example",))
    assert refusal(world) == "this server refuses the apps of its host"
    assert not world.house.documents.are_taken(world.house.policy.current)
    world.house.documents.give([])
    under(world, refused_domains=())
    assert refusal(world) == "this server fetches no documents of apps"


def test_a_blocked_client(world: World) -> None:
    """Is refused without asking its host."""
    blocked = "https://client.example/blocked"
    document = parse_own_document(a_document(blocked))
    world.house.store.write(lambda tx: tx.keep_document_client(document.to_client(world.house.clock.now())))
    world.house.clients.block(blocked)

    with pytest.raises(InvalidClient):
        load(world, blocked)
    with pytest.raises(InvalidClient):
        world.house.documents.find(blocked, world.house.policy.current)
    assert world.host.requests == []


def test_the_memory_is_bounded(world: World) -> None:
    """Whoever owns a domain can publish any number of documents: the oldest go, of good ones and of bad ones."""
    memory = world.house.documents.memory
    for number in range(1100):
        url = f"https://client.example/{number}"
        memory.keep(parse_own_document(a_document(url)), 3600, 0)
        memory.note_failure(url + "x", "bad", 0)

    found = [number for number in range(1100) if memory.find(f"https://client.example/{number}", 1)]
    failed = [number for number in range(1100) if memory.find_failure(f"https://client.example/{number}x", 1)]
    assert found == failed == list(range(100, 1100))


def test_what_the_log_says(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """The operator learns which document, why, and what the network said; and which redirect URIs mean nothing."""
    caplog.set_level("INFO", "core.domain.clients.documents")
    world.host.publish(CLIENT, redirect_uris=["http://127.0.0.1/", "http://client.example/"])
    world.network.names["client.example"] = [["10.1.2.3"], [ADDRESS]]

    refusal(world)
    world.house.clock.advance(5)
    load(world)

    refused, fetched, left_out = (record.__dict__ for record in caplog.records)
    assert (refused["msg"], refused["client_id"], refused["detail"]) == ("client document refused", CLIENT, "10.1.2.3")
    assert refused["why"] == "the name of its host leads to an address that is not public"
    assert (fetched["msg"], fetched["kept_for"]) == ("client document fetched", SHORTEST_FRESH)
    assert left_out["redirect_uri"] == "http://client.example/"
