"""What an operator has to set for a tool: the README says it, the server says it, and it is enough."""

import json
import re
from pathlib import Path

import pytest

from core.config.load import load_config
from core.domain.clients.client import Client
from core.domain.clients.client_metadata import parse_client_metadata
from core.domain.clients.metadata_document import parse_own_document, require_redirect_allowed
from core.domain.clients.redirect_policy import parse_redirect_uri, require_allowed
from core.domain.errors import InvalidRedirectUri
from core.domain.policy import Policy
from tests.clients.profile import SECTIONS, Profile
from tests.clients.profiles import copilot_cli, opencode
from tests.clients.profiles.every import PROFILES
from tests.repository.checkout import ROOT, text_of

_WITH_SETTINGS = [profile for profile in PROFILES if profile.settings and "File" not in profile.settings[0]]
_ROWS = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", text_of(ROOT / "README.md"), re.MULTILINE)


def _policy(folder: Path, *lines: str) -> Policy:
    """What the server goes by with these lines in its configuration."""
    sections = [f"[{SECTIONS[line.partition(' = ')[0]]}]\n{line}\n" for line in lines]
    (folder / "tokenhouse.conf").write_text("".join(sections))
    return load_config(folder / "tokenhouse.conf", {}).policy()


def _require(profile: Profile, policy: Policy) -> None:
    """What the server asks of the profile's redirect URI."""
    uri = parse_redirect_uri(profile.redirect_uri)
    if profile.document is None:
        require_allowed(uri, policy.allowed_redirect_uris)
    else:
        require_redirect_allowed(_described(profile.document), uri, policy)


def _described(document: object) -> Client:
    return parse_own_document(json.dumps(document).encode()).to_client(0)


@pytest.mark.parametrize("profile", _WITH_SETTINGS, ids=lambda profile: profile.name)
def test_the_refusal_names_the_setting(profile: Profile, tmp_path: Path) -> None:
    """Without its line the client is refused in one sentence with the URI and the setting; with it, it is let in."""
    (line,) = profile.settings
    key, _, value = line.partition(" = ")

    with pytest.raises(InvalidRedirectUri) as refused:
        _require(profile, _policy(tmp_path))

    assert profile.redirect_uri in refused.value.description
    named = f"{SECTIONS[key]}.{key}"
    assert (f"{named} = {value}" if key == "TrustedClientHost" else named) in refused.value.description
    _require(profile, _policy(tmp_path, line))


def test_a_redirect_uri_too_many_keeps_nobody_out(tmp_path: Path) -> None:
    """Cursor sends three at once: those that are allowed are registered, the hosted one is left out and told."""
    cursor = next(profile for profile in PROFILES if profile.name == "Cursor and its agents")

    read = parse_client_metadata(json.dumps(cursor.registration).encode(), _policy(tmp_path).allowed_redirect_uris)

    assert [uri.text for uri in read.redirect_uris] == [
        "cursor://anysphere.cursor-mcp/oauth/callback",
        "http://localhost:8787/callback",
    ]
    assert read.left_out == (cursor.redirect_uri,)


@pytest.mark.parametrize(
    ("tool", "published"), [("OpenCode", opencode.PUBLISHED), ("GitHub Copilot CLI", copilot_cli.PUBLISHED)]
)
def test_a_document_that_lacks_the_redirect_uri(tool: str, published: object) -> None:
    """The file in deploy/clients is what its makers publish, and the redirect URI; needless once they publish both."""
    profile = next(profile for profile in PROFILES if profile.tool == tool)
    listens_at = parse_redirect_uri(profile.redirect_uri.format(port=33418)).kept

    assert listens_at not in _described(published).redirect_uris
    assert listens_at in _described(profile.document).redirect_uris


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_the_readme_says_what_to_do(profile: Profile) -> None:
    """Each tool has a row: what its user does, and the lines for the operator, which are the ones it needs."""
    rows = [row for row in _ROWS if profile.tool in row[0].split(", ")]

    assert len(rows) == 1
    _, _, for_the_operator = rows[0]
    assert {line for line in profile.settings if f"`{line}`" not in for_the_operator} == set()


def test_the_readme_asks_for_nothing_else() -> None:
    """No row has a line that no client needs."""
    needed = {line for profile in PROFILES for line in profile.settings}
    told = {
        line for row in _ROWS for line in re.findall(r"`(\w+ = [^`]+)`", row[2]) if line.split(" = ")[0] in SECTIONS
    }

    assert told == needed
