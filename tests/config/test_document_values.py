"""Where clients' documents may come from, as operators write it (README, [ClientDocuments])."""

from pathlib import Path

import pytest

from core.config.document_values import parse_domain, parse_trusted_host
from core.config.errors import ConfigError
from core.loading import load_documents
from tests.config.writing import load_text
from tests.document_host import a_document


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("example.com", "example.com"),
        ("Claude.AI", "claude.ai"),
        ("localhost", "localhost"),
        ("a-b.co.uk", "a-b.co.uk"),
    ],
)
def test_a_domain(text: str, domain: str) -> None:
    """The name of a domain, in any case."""
    assert parse_domain(text) == domain


NO_DOMAIN = ["com", "example.com.", ".example.com", "*.example.com", "https://example.com", "example.com/x", "1.2"]
NO_DOMAIN += ["example.com:8443", "a@example.com", "10.0.0.1", "b\u00fccher.example", "exa mple.com", "example.com?x"]


@pytest.mark.parametrize("text", NO_DOMAIN)
def test_no_domain(text: str) -> None:
    """What could be meant for more, or for less, than one domain and what is below it."""
    with pytest.raises(ValueError, match="the name of a domain"):
        parse_domain(text)


@pytest.mark.parametrize(
    ("text", "host"), [("claude.ai", "claude.ai"), ("Tools.Example.com:8443", "tools.example.com:8443")]
)
def test_a_trusted_host(text: str, host: str) -> None:
    """A host as it stands in a URL: with its port where that is not https's own."""
    assert parse_trusted_host(text) == host


@pytest.mark.parametrize(
    "text", ["com", "*.claude.ai", "claude.ai:443", "https://claude.ai", "claude.ai/", "claude.ai:0"]
)
def test_no_trusted_host(text: str) -> None:
    """Trust is for one host: no pattern, no scheme, no path, no second way to write it."""
    with pytest.raises(ValueError, match="the host of an https URL"):
        parse_trusted_host(text)


def test_a_file_that_cannot_be_used(tmp_path: Path) -> None:
    """One line with the place, the setting, and what is wrong."""
    (tmp_path / "good.json").write_bytes(a_document("https://client.example/c"))
    config = load_text(tmp_path, "[ClientDocuments]\nFile = good.json\nFile = absent.json\n")

    with pytest.raises(ConfigError, match=r"conf:3: ClientDocuments\.File: .*absent\.json cannot be read"):
        load_documents(config)
    (tmp_path / "absent.json").write_bytes(a_document("https://other.example/c"))
    assert [each.url.host for each in load_documents(config)] == ["client.example", "other.example"]
