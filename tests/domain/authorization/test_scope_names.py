"""How a list of scopes is written, wherever one is sent (RFC 6749 §3.3)."""

import pytest

from core.domain.authorization.endpoint import Redirect
from core.domain.clients.metadata_document import parse_metadata_document
from core.domain.errors import (
    ClientDocumentRefused,
    InvalidArgument,
    InvalidClientMetadata,
    InvalidScope,
)
from core.domain.scope_names import split_scope
from tests.document_host import a_document
from tests.domain.clients.test_metadata_document import CLIENT, URL
from tests.domain.device_road import a_device
from tests.domain.house import House
from tests.domain.road import (
    a_client,
    a_confidential_client,
    a_program,
    a_session,
    a_user,
    asked,
    asking_for_itself,
    connect,
    refusal_of,
    register,
    start,
)

_SAID = "scope holds more than names"
_MALFORMED = ["mcp\tfiles", "mcp\nfiles", "mcp\u00a0files", "mcp\u2003files", "mcp\x0bfiles", 'mcp "files"', "mcp\\x"]


@pytest.mark.parametrize("scope", ["", " ", "mcp", "mcp files", "  mcp   files ", "a:b/c?d=e {f}"])
def test_names_stand_apart_by_spaces(scope: str) -> None:
    """RFC 6749 §3.3: %x20 and nothing else; one more at some place changes nothing."""
    assert split_scope(scope) == [name for name in scope.split(" ") if name]


@pytest.mark.parametrize("scope", _MALFORMED)
def test_nothing_else_parts_them_at_any_endpoint(house: House, scope: str) -> None:
    """RFC 6749 §4.1.2.1, §5.2, RFC 8628 §3.2: malformed is invalid_scope, with the words for it, on every road."""
    connection = connect(house, scope="mcp files")
    before = connection.grant()
    program, secret = a_program(house)

    outcome = start(house, asked(a_client(house), scope=scope), a_session(house, a_user(house)))
    assert isinstance(outcome, Redirect)
    assert dict(outcome.parameters)["error"] == "invalid_scope"
    assert dict(outcome.parameters)["error_description"].startswith(_SAID)
    with pytest.raises(InvalidScope, match=_SAID):
        connection.refresh(scope=scope)
    assert connection.grant() == before
    with pytest.raises(InvalidScope, match=_SAID):
        a_device(house, scope=scope)
    assert refusal_of(house, asking_for_itself(program.client_id, secret, scope=scope)) == "InvalidScope"


@pytest.mark.parametrize("scope", _MALFORMED)
def test_no_client_is_known_with_such_a_scope(house: House, scope: str) -> None:
    """RFC 7591 §2, §3.2.2: a client's metadata, its document and what an operator writes down are read alike."""
    with pytest.raises(InvalidClientMetadata, match="scope"):
        register(house, {"redirect_uris": ["http://127.0.0.1/cb"], "scope": scope})
    with pytest.raises(ClientDocumentRefused, match="scope"):
        parse_metadata_document(URL, a_document(CLIENT, scope=scope))
    with pytest.raises(InvalidArgument, match="scope"):
        a_confidential_client(house, scope=(scope,))
