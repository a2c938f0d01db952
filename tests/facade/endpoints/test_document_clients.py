"""Clients that are known by a document, over HTTP: pages for the user, and tokens that outlive the document."""

import json
import signal
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.certificates import Authority
from tests.document_host import DocumentHost, a_document
from tests.facade.pair import Pair
from tests.facade.road import REDIRECT_URI, Visit, seen_words
from tests.running import wait_until

OUT_OF_A_FILE = "https://client.example/client.json"


@pytest.fixture(scope="module")
def authority() -> Authority:
    """Whose certificates the core trusts."""
    return Authority()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Pair]:
    """A server of their own, with a rate that is soon used up."""
    folder = tmp_path_factory.mktemp("pair")
    (folder / "tool.json").write_bytes(a_document(OUT_OF_A_FILE, redirect_uris=[REDIRECT_URI]))
    with Pair(
        folder,
        core_environment=authority.trusted_in(folder),
        limit_lines=("ClientDocuments = 8/d",),
        document_lines=("RefusedDomain = refused.example", "File = tool.json"),
        trusted_proxies=("127.0.0.1",),
    ) as running:
        yield running


@pytest.fixture
def host(authority: Authority) -> Iterator[DocumentHost]:
    """A host on this machine, with a document."""
    with DocumentHost(authority) as serving:
        serving.publish(serving.url(), redirect_uris=[REDIRECT_URI], client_name="<b>A tool</b>")
        yield serving


def test_from_the_document_to_tokens(pair: Pair, host: DocumentHost) -> None:
    """One fetch, and a refresh after the host and the core were gone: no vendor's outage signs anybody out."""
    visit = Visit(pair, host.url())
    page = visit.consent_page()
    assert page.status_code == 200
    assert f'comes from <bdi class="name">localhost:{host.port}</bdi>' in page.text
    assert "&lt;b&gt;A tool&lt;/b&gt;" in page.text

    answer = visit.send(page, "/consent", decision="allow")
    tokens = visit.redeem(parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]).json()
    assert host.fetched() == 1
    host.answers.clear()
    pair.kill_core()
    pair.start_core()
    refreshing = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": host.url()}
    assert pair.client.post("/oauth/v1/token", data=refreshing).status_code == 200
    assert host.fetched() == 1


def test_what_cannot_be_used_gets_a_page(pair: Pair, host: DocumentHost) -> None:
    """Row 31 of the reply table: 400, no redirect, which document and why; whatever else is wrong in the request."""
    host.publish(host.url("/secret"), path="/secret", client_secret="s")
    reasons = {
        host.url("/gone"): "its host answers with status 404",
        host.url("/secret"): "it has client_secret",
        "https://refused.example/c": "this server refuses the apps of its host",
        "https://10.0.0.1/c": "its host must be a public name",
        "https://localhost/../c": "it must not have dot segments",
        "https://elsewhere.example/c": "its host is not one whose apps this server lets in",
    }
    for client_id, reason in reasons.items():
        for changes in ({}, {"response_type": "token"}, {"prompt": "none"}):
            response = Visit(pair, client_id).start(**changes)
            assert response.status_code == 400
            assert "location" not in response.headers
            assert f"<bdi>{client_id}</bdi>" in response.text
            assert reason in seen_words(response)
            settings = "lets in" in reason or "refuses" in reason
            title = "Apps from there are not let in here" if settings else "The app’s own description cannot be used"
            assert title in response.text


def test_a_terminal_with_a_document(pair: Pair, host: DocumentHost) -> None:
    """RFC 8628 §3.1: its document is looked up at its first request, and nobody has to have connected it in a browser.
    What cannot be used is told to whoever reads the answer, with the reason."""
    device_code = "urn:ietf:params:oauth:grant-type:device_code"
    members = {"redirect_uris": [REDIRECT_URI], "grant_types": ["authorization_code", "refresh_token", device_code]}
    host.publish(host.url("/terminal"), path="/terminal", **members)

    def start(client_id: str) -> httpx.Response:
        form, elsewhere = {"client_id": client_id}, {"X-Forwarded-For": "192.0.2.9"}
        return pair.client.post("/oauth/v1/device_authorization", data=form, headers=elsewhere)

    first, second = start(host.url("/terminal")), start(host.url("/terminal"))
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["user_code"] != second.json()["user_code"]
    assert host.fetched("/terminal") == 1
    polling = {
        "grant_type": device_code,
        "client_id": host.url("/terminal"),
        "device_code": first.json()["device_code"],
    }
    assert pair.client.post("/oauth/v1/token", data=polling).json()["error"] == "authorization_pending"

    refusals = {
        host.url("/gone"): ("invalid_client", "its host answers with status 404"),
        "https://refused.example/c": ("invalid_client", "this server refuses the apps of its host"),
        host.url(): ("unauthorized_client", "not registered for"),
    }
    for client_id, (error, reason) in refusals.items():
        refused = start(client_id)
        assert (refused.status_code, refused.json()["error"]) == (400, error)
        assert reason in refused.json()["error_description"]


def test_a_document_as_large_as_it_may_be(pair: Pair, host: DocumentHost) -> None:
    """5 KB, and a state of 4 KB: what was shown travels through every form to the decision."""
    members = {"client_id": host.url("/large"), "redirect_uris": [REDIRECT_URI], "client_name": "\U0001f511" * 900}
    start = json.dumps({**members, "software_id": ""}, ensure_ascii=False).encode()
    members["software_id"] = "x" * (5 * 1024 - len(start))
    body = json.dumps(members, ensure_ascii=False).encode()
    assert len(body) == 5 * 1024
    host.serve("/large", body, "Content-Type: application/json")

    visit = Visit(pair, host.url("/large"), state="https://workbench.example/?a=b&c=" * 124)

    assert visit.redeem(visit.code()).status_code == 200


def test_a_redirect_uri_that_is_not_in_the_document(pair: Pair, host: DocumentHost) -> None:
    """A page, as for any client (RFC 6749 §4.1.2.1): the document's redirect URIs are the registered ones. Connecting
    again would find the same document, and no setting adds to it: it says what does."""
    response = Visit(pair, host.url(), redirect_uri="http://127.0.0.1:7777/other").start()

    assert response.status_code == 400
    assert "location" not in response.headers
    said = f"redirect_uri http://127.0.0.1:7777/other is not in the document of this app, {host.url()}"
    assert said in seen_words(response)
    assert ("File in [ClientDocuments]" in response.text, "OAuthAllowedRedirectURI" in response.text) == (True, False)


def test_the_rate_is_used_up(pair: Pair, host: DocumentHost) -> None:
    """429, a page that says how long to wait, and Retry-After; what is known is shown all the same."""
    Visit(pair, host.url()).start()
    responses = []
    for number in range(9):
        visit = Visit(pair, host.url(f"/{number}"))
        visit.browser.headers["X-Forwarded-For"] = "192.0.2.1"
        responses.append(visit.start())

    assert [response.status_code for response in responses] == [400] * 8 + [429]
    assert int(responses[-1].headers["retry-after"]) > 0
    assert "Too many attempts" in responses[-1].text
    visit = Visit(pair, host.url())
    visit.browser.headers["X-Forwarded-For"] = "192.0.2.1"
    assert visit.start().status_code == 200


def test_a_document_out_of_a_file(pair: Pair) -> None:
    """ClientDocuments.File: taken without asking anybody, also where its domain could not be fetched from."""
    visit = Visit(pair, OUT_OF_A_FILE)

    assert visit.redeem(visit.code()).status_code == 200


def test_what_is_not_taken_is_not_announced(pair: Pair) -> None:
    """Draft, "Authorization Server Metadata": with nothing to fetch and no file the member is not there."""
    config = pair.folder / "t.conf"
    before = config.read_text()
    assert announced(pair)
    try:
        config.write_text(before.replace("File =", "Fetch = false ; File ="))
        pair.core.send_signal(signal.SIGHUP)
        wait_until(lambda: not announced(pair), "the metadata to leave it out")
        assert Visit(pair, OUT_OF_A_FILE).start().status_code == 400
    finally:
        config.write_text(before)
        pair.core.send_signal(signal.SIGHUP)
        wait_until(lambda: announced(pair), "the metadata to have it again")


def test_a_file_that_cannot_be_used_changes_nothing(pair: Pair) -> None:
    """SIGHUP: one line in the log says what is wrong, and what was in force stays so; a start is refused instead."""
    config = pair.folder / "t.conf"
    before = config.read_text()
    try:
        config.write_text(before.replace("File = tool.json", "File = absent.json"))
        pair.core.send_signal(signal.SIGHUP)
        wait_until(lambda: "config not reloaded" in pair.core_log.read_text(), "the core to refuse it")
    finally:
        config.write_text(before)

    assert "ClientDocuments.File: " in pair.core_log.read_text()
    assert "absent.json cannot be read: No such file or directory" in pair.core_log.read_text()
    assert Visit(pair, OUT_OF_A_FILE).start().status_code == 200


def announced(pair: Pair) -> bool:
    """Whether the metadata say that clients may bring a document."""
    metadata = pair.client.get("/.well-known/oauth-authorization-server").json()
    return "client_id_metadata_document_supported" in metadata
