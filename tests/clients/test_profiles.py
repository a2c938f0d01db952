"""Every client of the field connects, with what it sends and in its own order, and signs off again."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tokenhouse.v1 import client_admin_pb2, connection_admin_pb2

from tests.clients.connection import Connection, open_http
from tests.clients.plain_browser import PlainBrowser
from tests.clients.profile import SECTIONS, Profile
from tests.clients.profiles.every import PROFILES
from tests.patience import PATIENCE
from tests.running import Running

#: With a document, with a port that changes, without a port.
_OF_EACH_KIND = [each for each in PROFILES if each.name in ("Claude Code", "Gemini CLI", "rsconnect-python")]


def _settings(folder: Path) -> dict[str, str]:
    """What all profiles need together; each document comes from a file, so that nobody's host is asked."""
    wanted: dict[str, dict[str, None]] = {}
    documents = {str(each.document["client_id"]): each.document for each in PROFILES if each.document is not None}
    for number, document in enumerate(documents.values()):
        (folder / f"{number}.json").write_text(json.dumps(document))
        wanted.setdefault("ClientDocuments_File", {})[f"{number}.json"] = None
    for profile in PROFILES:
        lines = [line.partition(" = ") for line in profile.settings if not line.startswith("File")]
        for key, _, value in lines:
            wanted.setdefault(f"{SECTIONS[key]}_{key}", {})[value] = None
    return {name: "\n".join(values) for name, values in wanted.items()}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with the settings that the clients need."""
    folder = tmp_path_factory.mktemp("running")
    with Running(folder, settings=_settings(folder)) as started:
        yield started


@pytest.fixture(scope="module")
def browser(running: Running) -> Iterator[PlainBrowser]:
    """One user, who stays signed in."""
    running.add_user("grace")
    with PlainBrowser("grace") as started:
        yield started


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_it_gets_in(running: Running, browser: PlainBrowser, profile: Profile) -> None:
    """Discovery, registration or document, consent, tokens for its service, a refresh by all of its processes at once,
    and the end (MCP authorization; RFC 8414, 7591, 6749, 7636, 8707, 9207, 7009); every reply suits strict parsers."""
    with open_http() as http:
        client = Connection(running, profile, http)
        client.discover()
        client.register()
        client.authorize(browser)

        for tokens in (client.redeem(), client.refresh(), client.refresh()):
            assert tokens["scope"] == profile.scope
            validated = running.validate(tokens["access_token"], profile.resource)
            assert (validated.active, validated.username) == (True, "grace")

        client.revoke()
        assert not running.validate(tokens["access_token"], profile.resource).active
    _require_clean_bill(running, client, profile)


def _require_clean_bill(running: Running, client: Connection, profile: Profile) -> None:
    """The doctor takes no quirk of a client that got in for a fault."""
    asked = connection_admin_pb2.ListConnectionAttemptsRequest(client_id=client.known["client_id"], page_size=1)
    [attempt] = running.connections.ListConnectionAttempts(asked, timeout=PATIENCE).attempts

    assert (attempt.state, attempt.username) == ("connected", "grace")
    found = [finding.code for finding in attempt.findings]
    assert found == (["REFRESHED_TWICE"] if profile.refreshes_at_once > 1 else [])


@pytest.mark.parametrize("profile", _OF_EACH_KIND, ids=lambda profile: profile.name)
def test_a_deleted_client_begins_anew(running: Running, browser: PlainBrowser, profile: Profile) -> None:
    """401 invalid_client makes clients register again (RFC 6749 §5.2), as the same client. Nothing of before is good,
    and 400 invalid_grant makes them ask their user, who lets them in."""
    with open_http() as http:
        client = Connection(running, profile, http)
        client.discover()
        client.register()
        client.authorize(browser)
        client.redeem()
        client_id = client.known["client_id"]
        running.clients.DeleteClient(client_admin_pb2.DeleteClientRequest(client_id=client_id), timeout=PATIENCE)
        assert client.refuse() == (401, "invalid_client")

        client.register()
        assert client.known["client_id"] == client_id
        client.authorize(browser)
        assert client.refuse() == (400, "invalid_grant")
        client.redeem()
        client.refresh()
