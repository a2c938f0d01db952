"""What of an HTTP answer is a client's document, and for how long it is fresh (the draft; RFC 9111)."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from core.domain.clients.document_source import DocumentUnavailable
from core.domain.clients.document_url import parse_document_url
from core.outbound.client_documents import FetchedDocuments
from core.outbound.guarded_http import GuardedHttp
from tests.document_host import DocumentHost
from tests.outbound.conftest import HOST

URL = parse_document_url(f"https://{HOST}/client.json")
NOW = datetime(2026, 11, 28, 8, 0, tzinfo=UTC)
DATE = f"Date: {format_datetime(NOW, usegmt=True)}"


def expires(seconds: int) -> str:
    """An Expires header so many seconds from NOW."""
    return f"Expires: {format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)}"


@pytest.fixture
def documents(http: GuardedHttp) -> FetchedDocuments:
    """What the domain fetches with."""
    return FetchedDocuments(http)


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", "Application/JSON", "application/client-id-metadata+json"],
)
def test_a_document(host: DocumentHost, documents: FetchedDocuments, content_type: str) -> None:
    """200 and JSON by its content type, in any spelling and of any kind (draft, "Client ID Metadata Document")."""
    host.serve("/client.json", b"{}", f"Content-Type: {content_type}")

    assert documents.fetch(URL, loopback=False).body == b"{}"


@pytest.mark.parametrize(
    "status", [201, 202, 203, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 404, 429, 500, 503]
)
def test_another_status(host: DocumentHost, documents: FetchedDocuments, status: int) -> None:
    """Nothing but 200 is success, and no redirect is followed, not even to the same host."""
    headers = ("Content-Type: application/json", "Location: /other.json")
    host.serve("/client.json", b"" if status in (204, 304) else b"{}", *headers, status=f"{status} Whatever")
    host.serve("/other.json", b"{}", *headers)

    with pytest.raises(DocumentUnavailable) as caught:
        documents.fetch(URL, loopback=False)

    assert ("redirects" in caught.value.reason) == (300 <= status < 400)
    assert (str(status) in caught.value.reason) != (300 <= status < 400)
    # Other documents of this host may be all right: whoever asks for what is not there bars nobody. But these two say
    # that nothing is to be had right now (RFC 6585 §4, RFC 9110 §15.6.4).
    assert caught.value.host_failed is (status in (429, 503))
    assert len(host.requests) == 1


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ("Content-Type: text/html",),
        ("Content-Type: text/plain; application/json",),
        ("Content-Type: text/json",),
        ("Content-Type: application/jsonp",),
        ("Content-Type: application/x-json",),
        ("Content-Type: application/+json",),
        ("Content-Type: application/json", "Content-Type: text/html"),
        ("Content-Type: application/json, text/html",),
        ("Content-Type: application/json", "Content-Encoding: gzip"),
    ],
)
def test_another_type(host: DocumentHost, documents: FetchedDocuments, headers: tuple[str, ...]) -> None:
    """What a host lets users upload, or writes for people, speaks for no client."""
    host.serve("/client.json", b"{}", *headers)

    with pytest.raises(DocumentUnavailable, match=r"content type|compresses"):
        documents.fetch(URL, loopback=False)


def test_a_host_that_cannot_be_reached(documents: FetchedDocuments) -> None:
    """Then nothing of this host can be had; the operator learns more than whoever asked."""
    with pytest.raises(DocumentUnavailable) as caught:
        documents.fetch(parse_document_url("https://nowhere.example/client.json"), loopback=False)

    assert caught.value.host_failed
    assert "Name or service not known" in caught.value.detail


@pytest.mark.parametrize(
    ("headers", "fresh_for"),
    [
        ((), None),
        (("Cache-Control: max-age=600",), 600),
        (("Cache-Control: public, max-age=600",), 600),
        (('Cache-Control: max-age="600"',), 600),
        (("Cache-Control: MAX-AGE=600",), 600),
        (("Cache-Control: max-age=600, s-maxage=7200",), 7200),
        (("Cache-Control: max-age=600", "Cache-Control: must-revalidate"), 600),
        (("Cache-Control: max-age=600", "Age: 100"), 500),
        (("Cache-Control: max-age=600", "Age: 700"), 0),
        (("Cache-Control: max-age=600", "Age: old"), 600),
        (("Cache-Control: max-age=-1",), 0),
        (("Cache-Control: max-age=99999999999999",), 2**31),
        (("Cache-Control: max-age",), 0),
        (("Cache-Control: max-age=600, no-store",), 0),
        (("Cache-Control: no-cache",), 0),
        (("Cache-Control: private, max-age=600",), 0),
        (("Cache-Control: must-revalidate",), None),
        ((expires(900), DATE), 900),
        ((expires(-900), DATE), 0),
        ((expires(900), DATE, "Cache-Control: max-age=60"), 60),
        (("Expires: 0", DATE), 0),
        ((expires(900), "Date: yesterday"), 0),
    ],
)
def test_freshness(
    host: DocumentHost, documents: FetchedDocuments, headers: tuple[str, ...], fresh_for: int | None
) -> None:
    """RFC 9111 §4.2.1, §5.3: s-maxage, max-age less Age, Expires less Date; what is broken is not fresh."""
    host.serve("/client.json", b"{}", "Content-Type: application/json", *headers)

    assert documents.fetch(URL, loopback=False).fresh_for == fresh_for


def test_an_answer_without_a_date_is_of_when_it_arrived(host: DocumentHost, documents: FetchedDocuments) -> None:
    """RFC 9110 §6.6.1: Expires less the time of the answer's arrival."""
    in_an_hour = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    host.serve("/client.json", b"{}", "Content-Type: application/json", f"Expires: {in_an_hour}")

    fresh_for = documents.fetch(URL, loopback=False).fresh_for

    assert fresh_for is not None
    assert 3500 < fresh_for <= 3600
