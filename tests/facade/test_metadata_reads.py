"""Who read the metadata document, as the core is told: counted, bounded, and told apart by network."""

from ipaddress import ip_network

import pytest
from sanic import Request
from sanic.compat import Header

from facade.metadata_reads import MetadataReads, ReadOf, find_read

_DOCUMENT = "/.well-known/oauth-authorization-server"


def a_request(path: str, method: str = "GET", **headers: str) -> Request:
    """One that has come."""
    return Request(path.encode(), Header({"host": "auth.example.com", **headers}), "1.1", method, None, None)  # type: ignore[arg-type]


def read_of(host: str = "auth.example.com", *forwarded_for: str) -> ReadOf:
    """A read of the document."""
    return ReadOf(host, _DOCUMENT, found=True, forwarded_for=forwarded_for)


@pytest.mark.parametrize(
    ("path", "method", "status", "found"),
    [
        (_DOCUMENT, "GET", 200, True),
        (_DOCUMENT, "HEAD", 304, True),
        (f"{_DOCUMENT}/tenant", "GET", 404, False),
        (f"/tenant{_DOCUMENT}", "GET", 404, False),
        ("/.well-known/openid-configuration", "GET", 404, False),
        (_DOCUMENT, "OPTIONS", 204, None),
        ("/.well-known/oauth-protected-resource", "GET", 404, None),
        ("/.well-known/change-password", "GET", 404, None),
    ],
)
def test_what_is_a_read(path: str, method: str, status: int, found: bool | None) -> None:
    """RFC 8414 §3.1 and OpenID Connect Discovery §4: where clients look for metadata, whether or not they are there."""
    read = find_read(a_request(f"{path}?key=canary", method), status)

    assert (read.found if read else None) == found
    assert read is None or (read.path, read.host) == (path, "auth.example.com")


async def test_the_same_reader_is_counted() -> None:
    """Reads that are alike are told once, with their number; then all begins anew."""
    reads = MetadataReads(())
    for _ in range(3):
        reads.note(read_of(), "192.0.2.1")
    reads.note(read_of(), "192.0.2.2")

    assert [(each.network_address, each.count) for each in reads.take()] == [("192.0.2.1", 3), ("192.0.2.2", 1)]
    assert reads.take() == []


async def test_a_proxy_that_is_trusted_names_the_reader() -> None:
    """X-Forwarded-For counts where a trusted proxy wrote it, and nowhere else (README, TrustedProxies)."""
    reads = MetadataReads((ip_network("10.0.0.0/8"),))
    for peer in ("10.0.0.1", "192.0.2.9"):
        reads.note(read_of("auth.example.com", "203.0.113.5"), peer)

    assert [each.network_address for each in reads.take()] == ["203.0.113.5", "192.0.2.9"]


async def test_a_flood_is_bounded() -> None:
    """Of readers that differ 256 are told at once, however many hosts they make up; what they sent is cut."""
    reads = MetadataReads(())
    for number in range(1000):
        reads.note(read_of(f"host-{number}"), f"192.0.2.{number % 100}")
    long = find_read(a_request(f"{_DOCUMENT}/{'x' * 1000}", host="y" * 1000), 404)

    assert len(reads.take()) == 256
    assert long is not None
    assert (len(long.host), len(long.path)) == (256, 256)


@pytest.mark.parametrize(
    ("loud", "alike"), [("192.0.2.1", "192.0.2.1"), ("unix:/run/x", "unix:/run/x"), ("2001:db8::1", "2001:db8::ffff:2")]
)
async def test_one_network_leaves_room(loud: str, alike: str) -> None:
    """Whoever asks for ever new hosts takes 32 of the places, from as many addresses of one network as it likes."""
    reads = MetadataReads(())
    for number in range(300):
        reads.note(read_of(f"host-{number}"), loud if number % 2 else alike)
    reads.note(read_of(), "2001:db8:0:1::1")
    told = reads.take()

    assert (len(told), told[-1].network_address) == (33, "2001:db8:0:1::1")
    reads.note(read_of(), loud)
    assert len(reads.take()) == 1
