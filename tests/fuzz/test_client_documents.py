"""client_ids that are URLs, and documents of any content: refused in words, or the same to every reader."""

import json
from urllib.parse import unquote

import httpx
from hypothesis import strategies as st

from core.domain.clients.document_url import names_document, parse_document_url
from core.domain.clients.metadata_document import client_of_metadata, parse_metadata_document
from core.domain.errors import ClientDocumentRefused
from core.outbound.special_addresses import is_public, parse_address
from tests.document_host import a_document
from tests.fuzz.held import Property
from tests.fuzz.test_registration_documents import _DOCUMENTS, _VALUES

_PIECES = st.sampled_from(
    [
        *("https://", "https:", "http://", "//", "/", "\\", "@", "?", "#", ":", ".", "..", "%", ";", "[", "]"),
        *("client.example", "localhost", "127.0.0.1", "[::1]", "10.0.0.1", "0x7f.1", "2130706433", "017700000001"),
        *("[::ffff:127.0.0.1]", "127.1", "1", "0x1", "x1", "xn--a", "a-", "A", "\u0430", "\uff0e", "\u2460", "_"),
        *(":443", ":8443", ":0", ":65536", ":", "%2e%2e", "%252e", "%00", "%40", "..;", "client.json", "a=b", "&"),
        *(" ", "\t", "\r\n", "\x00", "\x7f", "a", "\u0315\u0300", "."),
    ]
)
_URLS = st.builds(
    lambda start, pieces: start + "".join(pieces),
    st.sampled_from(["https://", "https://client.example"]),
    st.lists(_PIECES, max_size=8),
) | st.text(max_size=40).map(lambda text: "https://" + text)

_URL = parse_document_url("https://client.example/client.json")
_MORE = st.fixed_dictionaries(
    {},
    optional={
        "token_endpoint_auth_methods_supported": _VALUES | st.just(["none"]),
        "client_secret_expires_at": _VALUES,
        "jwks": _VALUES | st.just({"keys": [{"kty": "EC", "d": "x"}]}),
        "client_id": _VALUES | st.just(_URL.text),
        "redirect_uris": st.just(["http://127.0.0.1/"]) | _VALUES,
    },
)
_BODIES = (
    st.builds(
        lambda document, more: json.dumps({"client_id": _URL.text, **document, **more}).encode(), _DOCUMENTS, _MORE
    )
    | _MORE.map(lambda more: a_document(_URL.text, **{k: v for k, v in more.items() if k != "client_id"}))
    | st.binary(max_size=60)
    | st.integers(1, 5000).map(lambda depth: b'{"client_id":' + b"[" * depth)
)


def _leads_where_another_reader_goes(text: str) -> None:
    assert names_document(text)
    try:
        url = parse_document_url(text)
    except ClientDocumentRefused as refusal:
        assert refusal.description.isascii()
        assert refusal.description.isprintable()
        return
    other = httpx.URL(text)
    assert (other.scheme, other.userinfo, other.fragment) == ("https", b"", "")
    assert (other.raw_host.decode(), other.port or 443) == (url.host.strip("[]"), url.port)
    assert other.path == unquote(url.target.partition("?")[0])
    assert f"https://{url.authority}{url.target}" in (text, text.removesuffix("?"))
    assert url.loopback or not _is_address(url.host)


def _is_address(host: str) -> bool:
    try:
        is_public(parse_address(host))
    except ValueError:
        return False
    return True


def _is_kept_as_it_was_written(body: bytes) -> None:
    try:
        document = parse_metadata_document(_URL, body)
    except ClientDocumentRefused as refusal:
        assert refusal.description.isascii()
        return
    client = document.to_client(7)
    assert json.loads(body)["client_id"] == client.client_id == _URL.text
    assert client_of_metadata(client.metadata, 7) == client
    assert client.redirect_uris
    assert "client_secret" not in json.loads(client.metadata)
    again = parse_metadata_document(_URL, client.metadata.encode())
    assert (again.to_client(7), again.left_out) == (client, ())


PROPERTIES = [
    Property("a client_id is refused, or another reader goes where we go", _URLS, _leads_where_another_reader_goes),
    Property("a document is refused, or kept as it was written", _BODIES, _is_kept_as_it_was_written),
]


def test_any_url() -> None:
    """RFC 3986; CVE-2026-55671 and its family: two readers of one URL that disagree about its host."""
    PROPERTIES[0].check(300)


def test_any_document() -> None:
    """Any bytes are a client or a refusal in plain words."""
    PROPERTIES[1].check(150)
