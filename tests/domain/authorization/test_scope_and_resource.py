"""What an authorization request asks for becomes what the consent page says and the token holds."""

from pathlib import Path

import pytest

from core.config.load import load_config
from core.domain.authorization.endpoint import Redirect
from core.domain.authorization.scope import told_scopes
from core.domain.errors import InvalidTarget
from core.domain.tokens.resource import normalise_resource
from tests.domain.house import FILES, ISSUER, MCP, House
from tests.domain.road import a_client, a_session, a_user, asked, connect, consent_page, start, validate

SCOPES = [
    (None, "mcp"),
    ("", "mcp"),
    ("mcp", "mcp"),
    ("files mcp", "files mcp"),
    ("mcp mcp", "mcp"),
    ("  mcp   files ", "mcp files"),
    ("claudeai", "mcp"),
    ("openid email profile", "mcp"),
    ("files openid", "files"),
    ("offline_access", "mcp offline_access"),
    ("offline_access files", "files offline_access"),
    ("offline_access unknown", "mcp offline_access"),
    ("MCP", "mcp"),
    ("mcp:tools", "mcp"),
    ("admin", "mcp"),
]


@pytest.mark.parametrize(("requested", "granted"), SCOPES)
def test_unknown_scopes_are_dropped_and_none_left_means_the_default(
    house: House, requested: str | None, granted: str
) -> None:
    """RFC 6749 §3.3: grant the intersection, state it, show each scope in words."""
    client, session = a_client(house), a_session(house, a_user(house))
    prompt = consent_page(house, asked(client, scope=requested), session)
    assert " ".join(scope.name for scope in prompt.scopes) == granted
    assert all(scope.description for scope in prompt.scopes)
    assert " ".join(connect(house, client=client, scope=requested).tokens.scope) == granted


def test_a_scope_outside_the_registration_may_be_asked_for(house: House) -> None:
    """Clients register with one scope and ask for another; the registered one limits nothing."""
    client = a_client(house, scope="mcp")
    assert connect(house, client=client, scope="files offline_access").tokens.scope == ("files", "offline_access")


def test_the_default_scope_is_the_operators_choice(house: House) -> None:
    """OAuth.DefaultScope."""
    with house.under(default_scope=("files", "mail")):
        assert connect(house).tokens.scope == ("files", "mail")


def test_a_privileged_scope_has_to_be_asked_for(house: House, tmp_path: Path) -> None:
    """OAuth.PrivilegedScope: clients that ask for all that is listed, or for nothing, do not get it (RFC 8414 §2)."""
    config = tmp_path / "tokenhouse.conf"
    config.write_text("[OAuth]\nScope = mcp: Use\nScope = files: Read\nScope = mail: Send\nPrivilegedScope = mail")
    read = load_config(config, {}).policy()
    with house.under(default_scope=read.default_scope, privileged_scopes=read.privileged_scopes):
        listed = told_scopes(house.policy.current)
        assert listed == ("mcp", "files", "offline_access")
        assert connect(house, scope=" ".join(listed)).tokens.scope == listed
        assert connect(house).tokens.scope == ("mcp", "files")
        assert connect(house, scope="mcp mail").tokens.scope == ("mcp", "mail")


OPEN = [
    ((), ()),
    ((MCP,), (MCP,)),
    ((MCP, FILES), (MCP, FILES)),
    ((MCP, MCP), (MCP,)),
    ((MCP, "HTTPS://MCP.EXAMPLE.COM:443/mcp"), (MCP,)),
    (("https://mcp.example.com", "https://mcp.example.com/"), ("https://mcp.example.com",)),
    (("https://mcp.example.com/",), ("https://mcp.example.com/",)),
    (("https://mcp.example.com/MCP",), ("https://mcp.example.com/MCP",)),
    (("https://mcp.example.com/a?b=c",), ("https://mcp.example.com/a?b=c",)),
    (("http://localhost:3000/mcp",), ("http://localhost:3000/mcp",)),
    (("http://127.0.0.1:3000/",), ("http://127.0.0.1:3000/",)),
    (("http://[::1]:3000/",), ("http://[::1]:3000/",)),
    ((ISSUER,), ()),
    ((ISSUER + "/",), ()),
    (("https://AUTH.example.com:443",), ()),
    (("",), ()),
    (("", MCP), (MCP,)),
    (("http://mcp.example.com/mcp",), None),
    (("http://127.0.0.1.evil.example/",), None),
    (("http://localhost.evil.example/",), None),
    (("http://10.0.0.1/",), None),
    (("ftp://mcp.example.com/",), None),
    (("https://mcp.example.com/#x",), None),
    (("https:///mcp",), None),
    (("mcp.example.com",), None),
    ((ISSUER, MCP), None),
    ((MCP, ISSUER + "/"), None),
    ((MCP, "http://mcp.example.com/mcp"), None),
    (tuple(f"https://{n}.example.com/" for n in range(17)), None),
]
LISTED = [
    ((), ()),
    ((MCP,), (MCP,)),
    ((MCP + "/",), (MCP,)),
    ((MCP + "/", MCP), (MCP,)),
    ((MCP + "//",), None),
    (("https://MCP.example.com:443/mcp",), (MCP,)),
    ((FILES[:-1],), (FILES,)),
    ((FILES, MCP), (FILES, MCP)),
    ((ISSUER,), ()),
    (("https://other.example.com/",), None),
    ((MCP, "https://other.example.com/"), None),
    (("http://localhost:3000/",), None),
    (("https://mcp.example.com/mcp/below",), None),
    (("https://mcp.example.com/",), None),
]
POLICIES = [((), case) for case in OPEN] + [((MCP, FILES), case) for case in LISTED]


@pytest.mark.parametrize(("listed", "case"), POLICIES)
def test_resources_are_those_of_policy_in_their_owners_spelling(
    house: House, listed: tuple[str, ...], case: tuple[tuple[str, ...], tuple[str, ...] | None]
) -> None:
    """RFC 8707 §2: repeated, with an added slash, listed or any https one; else invalid_target."""
    requested, granted = case
    session = a_session(house, a_user(house))
    with house.under(resources=listed):
        parameters = asked(a_client(house)) + [("resource", resource) for resource in requested]
        if granted is None:
            outcome = start(house, parameters, session)
            assert isinstance(outcome, Redirect)
            assert dict(outcome.parameters)["error"] == "invalid_target"
        else:
            assert consent_page(house, parameters, session).request.resources == granted


def test_the_audience_is_the_resource_in_its_owners_spelling(house: House) -> None:
    """Resource servers compare aud with their own spelling, whatever the client sent."""
    with house.under(resources=(FILES,)):
        connection = connect(house, FILES[:-1])
    found = validate(house, connection.tokens.access_token, FILES)
    assert found is not None
    assert found.token.audience == (FILES,)


EQUAL = [
    ("https://h", "https://h/"),
    ("https://H/", "https://h/"),
    ("HTTPS://h/", "https://h/"),
    ("https://h:443/", "https://h/"),
    ("http://h:80/", "http://h/"),
    ("https://[2001:DB8::1]/x", "https://[2001:db8::1]/x"),
    ("https://h?a=b", "https://h/?a=b"),
]
DIFFERENT = [
    ("https://h/", "http://h/"),
    ("https://h:8443/", "https://h/"),
    ("https://h:80/", "https://h/"),
    ("https://h/x", "https://h/x/"),
    ("https://h/x", "https://h/X"),
    ("https://h/x", "https://h/x?a"),
    ("https://h/%41", "https://h/A"),
    ("https://h/a/../b", "https://h/b"),
    ("https://h.", "https://h"),
]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_spellings_of_one_resource_are_equal(one: str, other: str) -> None:
    """RFC 3986 §6.2.2.1, §6.2.3: scheme and host without case, the default port, the empty path."""
    assert normalise_resource(one) == normalise_resource(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_everything_else_makes_another_resource(one: str, other: str) -> None:
    """No decoding and no dot segments: what another reader could take apart stays apart."""
    assert normalise_resource(one) != normalise_resource(other)


@pytest.mark.parametrize(
    "text", ["", "x", "https://", "https:///x", "//h/", "https://h:x/", "https://u@h/", "https://[::1"]
)
def test_what_is_no_absolute_uri_is_no_resource(text: str) -> None:
    """RFC 8707 §2: an absolute URI without a fragment."""
    with pytest.raises(InvalidTarget):
        normalise_resource(text)
