"""A user connects an app whose makers describe it at an address of theirs; it never registers."""

import pytest
from mcp.client.auth import OAuthFlowError

from tests.certificates import Authority
from tests.document_host import DocumentHost
from tests.flows.browser import Person
from tests.flows.mcp_client import install_app
from tests.flows.mcp_server import ProtectedMcpServer
from tests.running import Running


async def test_a_user_connects_it(
    running: Running, mcp_server: ProtectedMcpServer, person: Person, authority: Authority
) -> None:
    """The MCP SDK reads client_id_metadata_document_supported and sends the document's URL for its client_id (MCP
    authorization, "Client ID Metadata Documents"); its listener has another port each time (RFC 8252 §7.3)."""
    with DocumentHost(authority) as host:
        host.publish(host.url(), client_name="Notes, by document", redirect_uris=["http://127.0.0.1/callback"])
        shown = []

        async def look_and_agree(url: str) -> None:
            await person.page.goto(url)
            await person.sign_in()
            shown.append(await person.page.inner_text("main"))
            await person.allow()

        async with install_app(mcp_server.url, look_and_agree, host.url()) as app:
            answer = await app.whoami()

    assert answer["username"] == person.username
    assert app.keychain.client is not None
    assert app.keychain.client.client_id == host.url()
    assert "Notes, by document" in shown[0]
    assert f"What it says of itself comes from localhost:{host.port}." in shown[0]
    assert "Any program on your computer could be asking." in shown[0]
    assert host.fetched() == 1
    assert host.url() in running.tokenhouse("clients", "list")


async def test_its_document_is_gone(
    mcp_server: ProtectedMcpServer, person: Person, authority: Authority, running: Running
) -> None:
    """The user reads which document and what is wrong with it, and stays on this server; the log has the page's number
    beside the reason."""
    with DocumentHost(authority) as host:
        said = []

        async def look(url: str) -> None:
            await person.page.goto(url)
            said.append(await person.page.inner_text("main"))
            raise OAuthFlowError("the user gives up")

        async with install_app(mcp_server.url, look, host.url("/gone.json")) as app:
            with pytest.RaisesGroup(
                pytest.RaisesExc(OAuthFlowError, match="gives up"), flatten_subgroups=True, allow_unwrapped=True
            ):
                await app.whoami()

    assert "The app’s own description cannot be used" in said[0]
    assert f"the app says who it is at {host.url('/gone.json')}" in said[0]
    assert "its host answers with status 404" in said[0]
    number = said[0].split()[-1]
    (line,) = [each for each in running.read_logs().splitlines() if "client document refused" in each]
    assert f"correlation_id={number}" in line
    assert 'why="its host answers with status 404"' in line.replace("'", '"')
