"""StartAuthorizationByDocument: the core asks another server, and nobody else waits for that."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc
import pytest
from tokenhouse.v1 import authorization_pb2 as pb
from tokenhouse.v1 import client_admin_pb2, discovery_pb2
from tokenhouse.v1 import device_authorization_pb2 as device_pb2

from core.config.load import load_config
from core.domain.clients.grant_types import DEVICE_CODE
from core.loading import load_documents
from core.outbound.guarded_http import GuardedHttp
from tests.certificates import Authority, dns
from tests.document_host import DocumentHost, a_document, http_answer
from tests.fakes.network import LaidOutNetwork
from tests.patience import PATIENCE
from tests.rpc.connections import findings_of, last_attempt, look, steps_of
from tests.rpc.road import BINDING, Road, read_refusal, refused
from tests.running import wait_until
from tests.serving import DEADLINE, Serving, parameters_of, public_client

#: How many of these calls are worked at, and how many are taken on: nine tenths of 24.
_THREADS = 8
_MOST = 22


class DocumentRoad(Road):
    """A road whose client is known by a document."""

    def start_by_document(self, session_token: str = "", **parameters: str) -> pb.StartAuthorizationResponse:
        """StartAuthorizationByDocument."""
        request = self.by_document(session_token, **parameters)
        return self.serving.authorization.StartAuthorizationByDocument(request, timeout=DEADLINE).response

    def by_document(self, session_token: str = "", **parameters: str) -> pb.StartAuthorizationByDocumentRequest:
        """Its request."""
        request = pb.StartAuthorizationRequest(
            parameters=parameters_of(self.request(**parameters)), session_token=session_token, browser_binding=BINDING
        )
        return pb.StartAuthorizationByDocumentRequest(request=request, network_address="192.0.2.1")


@pytest.fixture
def host(authority: Authority) -> Iterator[DocumentHost]:
    """A server of this machine, as the core's own address is."""
    with DocumentHost(authority) as serving:
        yield serving


@pytest.fixture
def road(tmp_path: Path, host: DocumentHost, authority: Authority) -> Iterator[DocumentRoad]:
    """A signed-in user, a core that trusts the host, and a document there."""
    network = LaidOutNetwork(routes={"127.0.0.1": host.port})
    http = GuardedHttp(network, trusting(authority))
    host.publish(host.url())
    with Serving(tmp_path, "[Limits]\nClientDocuments = 0\n", http=http) as serving:
        begun = DocumentRoad(serving)
        begun.begin()
        begun.client_id = host.url()
        yield begun


def offers_documents(serving: Serving) -> bool:
    """What the metadata would say."""
    answer = serving.discovery.GetServerMetadata(discovery_pb2.GetServerMetadataRequest(), timeout=DEADLINE)
    return bool(answer.client_id_metadata_document_supported)


def reload(serving: Serving, settings: str) -> None:
    """What a SIGHUP does."""
    file = serving.folder / "tokenhouse.conf"
    file.write_text(f"[Server]\nDataDir = data\n{settings}\n")
    config = load_config(file, {})
    documents = load_documents(config)
    serving.core.change_policy(config.policy())
    serving.core.give_documents(documents)


def test_from_the_document_to_tokens(road: DocumentRoad, host: DocumentHost) -> None:
    """The first look says that a document is wanted; then the road is that of any client, also after a restart."""
    assert road.start().WhichOneof("outcome") == "document"
    assert host.requests == []

    client = road.start_by_document().login.client
    assert client == pb.RequestingClient(
        client_name="A tool",
        client_id=host.url(),
        redirect_host="127.0.0.1",
        redirect_uri=client.redirect_uri,
        own_machine=True,
        document_host=f"localhost:{host.port}",
    )
    tokens = road.connect()
    host.answers.clear()
    road.serving.restart()

    refreshed = road.serving.tokens.IssueToken(road.refreshing(tokens.refresh_token), timeout=DEADLINE)
    assert road.validate(refreshed.access_token).active
    assert host.fetched() == 1
    assert road.start().WhichOneof("outcome") == "document"


def test_what_needs_a_page_is_a_status(road: DocumentRoad, host: DocumentHost) -> None:
    """A document that cannot be used names itself and the reason; a client that has registered has none."""
    registered = road.by_document(client_id="client_x")
    gone = road.by_document(client_id=host.url("/gone"))
    bad = road.by_document(client_id="https://localhost/../x")

    assert refused(road.serving.authorization.StartAuthorizationByDocument, registered).reason == "INVALID_CLIENT"
    for request, reason in ((gone, "status 404"), (bad, "dot segments")):
        refusal = refused(road.serving.authorization.StartAuthorizationByDocument, request)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "CLIENT_DOCUMENT_REFUSED")
        assert refusal.description.startswith("https://localhost")
        assert reason in refusal.description


def test_nobody_waits_for_slow_hosts(tmp_path: Path, authority: Authority) -> None:
    """Fetching has threads of its own and a queue that ends: who comes later is told so at once, and everybody else is
    answered as ever, by the threads and the writer that they have always had."""
    client_ids = [f"https://h{number}.example/{number}" for number in range(_MOST + _THREADS)]
    names = [client_id.split("/")[2] for client_id in client_ids]
    released = threading.Event()
    with ExitStack() as stack:
        host = stack.enter_context(DocumentHost(authority, *map(dns, names)))
        for number, client_id in enumerate(client_ids):
            host.answers[f"/{number}"] = slow_answer(released, client_id)
        network = LaidOutNetwork({name: [["8.8.8.8"]] for name in names}, {"8.8.8.8": host.port})
        http = GuardedHttp(network, trusting(authority), time=PATIENCE)
        serving = stack.enter_context(Serving(tmp_path, "[Limits]\nClientDocuments = 0\n", http=http))
        stack.callback(released.set)
        road = DocumentRoad(serving)
        road.begin()

        method: Any = serving.authorization.StartAuthorizationByDocument
        calls = [method.future(road.by_document(client_id=client_id), timeout=PATIENCE) for client_id in client_ids]
        wait_until(lambda: sum(call.done() for call in calls) == _THREADS, "what is too much to be refused")
        wait_until(lambda: len(host.requests) == _THREADS, "the threads to ask")
        turned_away = [call for call in calls if call.done()]
        assert {read_refusal(call.exception()).reason for call in turned_away} == {"OVERLOADED"}

        assert road.validate(road.connect().access_token).active
        assert sum(call.done() for call in calls) == _THREADS
        released.set()
        served = [call.result(PATIENCE).response for call in calls if call not in turned_away]
        assert {each.WhichOneof("outcome") for each in served} == {"login"}
        assert len(served) == _MOST


def test_documents_that_a_query_tells_apart(road: DocumentRoad) -> None:
    """Two URLs are two clients, whatever differs in them (draft-ietf-oauth-client-id-metadata-document §3): each has
    its attempts and its name, before the user's yes and after; of its query neither shows anything."""
    ids = [f"https://tools.example.com/client.json?key=canary{number}" for number in (1, 2)]
    for number, client_id in enumerate(ids):
        (road.serving.folder / f"{number}.json").write_bytes(a_document(client_id, client_name=f"Tool {number}"))
    reload(road.serving, "[ClientDocuments]\nFile = 0.json\nFile = 1.json")
    for road.client_id in ids:
        road.start()
    undecided = look(road.serving, page_size=2).attempts
    road.connect()
    attempts = look(road.serving, page_size=2).attempts

    assert [(each.client_name, each.client_listed) for each in undecided] == [("Tool 1", False), ("Tool 0", False)]
    assert [(each.client_name, each.state) for each in attempts] == [("Tool 1", "token_issued"), ("Tool 0", "begun")]
    assert [each.client_name for each in look(road.serving, ids[0]).attempts] == ["Tool 0"]
    [as_shown] = {each.client_id for each in attempts}
    assert as_shown == "https://tools.example.com/client.json?…"
    assert len(look(road.serving, as_shown).attempts) == 2
    assert "canary" not in str(attempts)


def test_switches(road: DocumentRoad, host: DocumentHost, tmp_path: Path) -> None:
    """A reload counts at once: what can be fetched, or has a file, is announced and taken, and nothing else."""
    assert offers_documents(road.serving)
    reload(road.serving, "[ClientDocuments]\nFetch = false")
    assert not offers_documents(road.serving)
    refusal = refused(road.serving.authorization.StartAuthorization, road.by_document().request)
    assert (refusal.reason, "fetches no documents" in refusal.description) == ("CLIENT_DOCUMENT_UNWANTED", True)

    (tmp_path / "tool.json").write_bytes(a_document(host.url(), client_name="Out of a file"))
    reload(road.serving, "[ClientDocuments]\nFetch = false\nFile = tool.json")
    assert offers_documents(road.serving)
    assert road.start().login.client.client_name == "Out of a file"
    assert road.connect().access_token
    reload(road.serving, "[ClientDocuments]\nRefusedDomain = localhost\nFile = tool.json")
    assert refused(road.serving.authorization.StartAuthorization, road.by_document().request).reason == (
        "CLIENT_DOCUMENT_UNWANTED"
    )
    assert host.requests == []


def test_operators_see_and_block_it(road: DocumentRoad, host: DocumentHost) -> None:
    """From the first decision on it is a client like any other, by its URL."""
    road.start_by_document()
    tokens = road.connect()
    shown = road.serving.clients.GetClient(client_admin_pb2.GetClientRequest(client_id=host.url()), timeout=DEADLINE)
    assert shown.client.client_name == "A tool"
    assert json.loads(shown.client.metadata)["client_id"] == host.url()

    road.serving.clients.BlockClient(client_admin_pb2.BlockClientRequest(client_id=host.url()), timeout=DEADLINE)
    assert not road.validate(tokens.access_token).active
    assert refused(road.serving.authorization.StartAuthorization, road.by_document().request).reason == "CLIENT_BLOCKED"


def slow_answer(released: threading.Event, client_id: str) -> Callable[[ssl.SSLSocket], None]:
    """A good document, when the event is set."""
    answer = http_answer(a_document(client_id), "Content-Type: application/json")

    def send(connection: ssl.SSLSocket) -> None:
        released.wait(PATIENCE)
        connection.sendall(answer)

    return send


def test_the_operator_sees_what_became_of_it(road: DocumentRoad, host: DocumentHost) -> None:
    """A document that cannot be used is a step with its reason, and so is one that was fetched; a redirect URI of its
    own host is a matter of TrustedClientHost (README, When a tool does not connect)."""
    host.serve("/client.json", b"[]", "Content-Type: application/json")
    refused(road.serving.authorization.StartAuthorizationByDocument, road.by_document())
    broken = last_attempt(road.serving, road.client_id)
    own = f"https://localhost:{host.port}/callback"
    host.publish(host.url("/other.json"), path="/other.json", redirect_uris=[own])
    other = road.by_document(client_id=host.url("/other.json"), redirect_uri=own)
    refused(road.serving.authorization.StartAuthorizationByDocument, other)
    untrusted = last_attempt(road.serving, host.url("/other.json"))

    assert steps_of(broken) == [("document", "client_document_refused")]
    assert findings_of(broken) == {"DOCUMENT_REFUSED": ""}
    assert "it is not a JSON object" in broken.findings[0].words
    # The name of that sentence, for readers of another language, stands beside it.
    named = (broken.events[0].why.sentence, broken.findings[0].why.sentence)
    assert named == ("document_no_object", "document_no_object")
    assert steps_of(untrusted) == [("document", "fetched"), ("authorize", "redirect_uri_of_untrusted_host")]
    setting = f"[ClientDocuments] TrustedClientHost = localhost:{host.port}"
    assert findings_of(untrusted) == {"REDIRECT_URI_NOT_ALLOWED": setting}
    reload(road.serving, f"[ClientDocuments]\nTrustedClientHost = localhost:{host.port}")
    assert "it is now: connect again" in last_attempt(road.serving, host.url("/other.json")).findings[0].words


def test_the_operator_sees_a_device_with_a_document(road: DocumentRoad, host: DocumentHost) -> None:
    """RFC 8628: that a document is wanted is no step, that it was fetched or refused is one."""
    device: dict[str, Any] = {"client": public_client(host.url()), "network_address": "192.0.2.1"}
    host.publish(host.url(), grant_types=[DEVICE_CODE])
    wanted = device_pb2.StartDeviceAuthorizationRequest(**device)
    refused(road.serving.devices.StartDeviceAuthorization, wanted)
    road.serving.devices.FetchDeviceClient(device_pb2.FetchDeviceClientRequest(**device), timeout=DEADLINE)
    road.serving.devices.StartDeviceAuthorization(wanted, timeout=DEADLINE)
    nothing = public_client(host.url("/nothing.json"))
    refused(road.serving.devices.FetchDeviceClient, device_pb2.FetchDeviceClientRequest(client=nothing))

    assert steps_of(last_attempt(road.serving, host.url())) == [("document", "fetched"), ("device", "started")]
    assert list(findings_of(last_attempt(road.serving, host.url("/nothing.json")))) == ["DOCUMENT_REFUSED"]


def trusting(authority: Authority) -> Callable[[], ssl.SSLContext]:
    """What makes certificates of this authority good."""
    return lambda: ssl.create_default_context(cadata=authority.pem.decode())
