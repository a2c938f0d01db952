"""A client_id that is a URL: which of them are, and what they lead to (draft, "Client Identifier URL")."""

import pytest

from core.domain.clients.document_url import DocumentUrl, names_document, parse_document_url
from core.domain.errors import ClientDocumentRefused

GOOD = {
    "https://claude.ai/oauth/claude-code-client-metadata": ("claude.ai", 443, "/oauth/claude-code-client-metadata"),
    "https://chatgpt.com/oauth/abc123/client.json": ("chatgpt.com", 443, "/oauth/abc123/client.json"),
    "https://vscode.dev/oauth/client-metadata.json": ("vscode.dev", 443, "/oauth/client-metadata.json"),
    "https://client.example/": ("client.example", 443, "/"),
    "https://client.example:8443/c": ("client.example", 8443, "/c"),
    "https://client.example/c?a=b&c=d": ("client.example", 443, "/c?a=b&c=d"),
    "https://client.example/a%20b/..c/.well-known": ("client.example", 443, "/a%20b/..c/.well-known"),
    "https://xn--bcher-kva.example/c": ("xn--bcher-kva.example", 443, "/c"),
    "https://a-b.c3.example1/c": ("a-b.c3.example1", 443, "/c"),
    "https://127.0.0.1.example.com/c": ("127.0.0.1.example.com", 443, "/c"),
    "https://localhost:9443/c": ("localhost", 9443, "/c"),
    "https://127.0.0.1/c": ("127.0.0.1", 443, "/c"),
    "https://[::1]:9443/c": ("[::1]", 9443, "/c"),
}

BAD = {
    "no path": ["https://client.example", "https://client.example?a=b", "https://client.example:8443"],
    "user information": ["https://me@client.example/c", "https://me:pw@client.example/c", "https://@client.example/c"],
    "a fragment": ["https://client.example/c#x", "https://client.example/c#"],
    "dot segments": [
        "https://client.example/./c",
        "https://client.example/a/../c",
        "https://client.example/a/..",
        "https://client.example/%2e%2e/c",
        "https://client.example/a/%2E./c",
        "https://client.example/..;x/c",
        "https://client.example/%252e%252e/c",
        "https://client.example/a%2f..%2fc",
    ],
    "another way to write it": [
        "https://Client.example/c",
        "https://client.example:443/c",
        "https://client.example:/c",
        "https://client.example:08443/c",
        "https://client.example./c",
        "https://client%2eexample/c",
        "https:///c",
        "https:///client.example/c",
        "https://client.example\\c",
        "https://client.example/a b",
        "https://client.example/\u00e9",
        "https://b\u00fccher.example/c",
        "https://\u2460.example/c",
        "https://client.example/c\n",
        " https://client.example/c",
        "https://client.exa\tmple/c",
    ],
    "an address": [
        "https://10.0.0.1/c",
        "https://8.8.8.8/c",
        "https://127.0.0.2/c",
        "https://127.1/c",
        "https://0/c",
        "https://2130706433/c",
        "https://0x7f000001/c",
        "https://0x7f.0x0.0x0.0x1/c",
        "https://0177.0.0.1/c",
        "https://client.0x7f/c",
        "https://client.123/c",
        "https://169.254.169.254/latest/meta-data",
        "https://[::]/c",
        "https://[::ffff:127.0.0.1]/c",
        "https://[0:0:0:0:0:0:0:1]/c",
        "https://[64:ff9b::7f00:1]/c",
        "https://[fe80::1%25eth0]/c",
        "https://[2606:4700::1111]/c",
        "https://[v1.x]/c",
        "https://[::1]x/c",
        "https://[::1/c",
    ],
    "no public name": [
        "https://intranet/c",
        "https://localhost.localdomain:/c",
        "https://-a.example/c",
        "https://a-.example/c",
        "https://a..example/c",
        "https://.example/c",
        "https://a_b.example/c",
        "https://*.example/c",
        f"https://{'a' * 64}.example/c",
        f"https://{'a.' * 127}example/c",
    ],
    "no port": [
        "https://client.example:0/c",
        "https://client.example:65536/c",
        "https://client.example:x/c",
        "https://client.example:-1/c",
        "https://client.example:80:80/c",
        "https://localhost:localhost/c",
    ],
    "too long": ["https://client.example/" + "c" * 512],
}


@pytest.mark.parametrize("client_id", GOOD)
def test_good(client_id: str) -> None:
    """https, a host with a name, a path; a query and a port may be."""
    assert names_document(client_id)
    assert parse_document_url(client_id) == DocumentUrl(client_id, *GOOD[client_id])


@pytest.mark.parametrize("client_id", [url for urls in BAD.values() for url in urls])
def test_bad(client_id: str) -> None:
    """One spelling, and nothing that two readers could read in two ways; the refusal says which and why."""
    with pytest.raises(ClientDocumentRefused) as caught:
        parse_document_url(client_id)

    plain = "".join(letter if " " <= letter <= "~" and letter not in '"\\' else "?" for letter in client_id)
    assert caught.value.description.startswith(plain[:40])
    assert caught.value.reason in caught.value.description


@pytest.mark.parametrize(
    "client_id",
    ["client_abc", "http://client.example/c", "HTTPS://client.example/c", "ftp://client.example/c", "https:x"],
)
def test_another_client_id(client_id: str) -> None:
    """Only https:// in this spelling leads anywhere; anything else is the id of a registered client, or of none."""
    assert not names_document(client_id)


@pytest.mark.parametrize(
    ("client_id", "authority", "loopback"),
    [
        ("https://client.example/c", "client.example", False),
        ("https://client.example:8443/c", "client.example:8443", False),
        ("https://localhost:9443/c", "localhost:9443", True),
        ("https://[::1]/c", "[::1]", True),
        ("https://localhost.example/c", "localhost.example", False),
    ],
)
def test_host(client_id: str, authority: str, loopback: bool) -> None:
    """What a user is shown, and whether it is this very machine."""
    url = parse_document_url(client_id)

    assert (url.authority, url.loopback) == (authority, loopback)
