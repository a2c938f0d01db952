"""Which addresses are public, and which are refused (RFC 6890, and the draft's "SSRF Attacks")."""

import ipaddress
import socket

import pytest

from core.outbound.special_addresses import is_loopback, is_public, parse_address

PUBLIC = ["8.8.8.8", "93.184.215.14", "100.63.255.255", "100.128.0.1", "172.15.255.255", "172.32.0.1", "198.17.255.255"]
PUBLIC += ["198.20.0.1", "223.255.255.255", "192.0.1.1", "2606:4700::1111", "2a00:1450:4001::200e", "2001:200::1"]
PUBLIC += ["2001:db7:ffff::1", "2003::1", "3ffe:ffff::1", "3fff:1000::1"]

SPECIAL = {
    "this network": ["0.0.0.0", "0.1.2.3"],
    "private": ["10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1"],
    "shared between carriers": ["100.64.0.1", "100.127.255.255"],
    "loopback": ["127.0.0.1", "127.255.255.254", "::1"],
    "link-local, with the metadata of clouds": ["169.254.169.254", "169.254.0.1", "fe80::1", "febf::1"],
    "protocol assignments": ["192.0.0.1", "192.0.0.170", "2001::1", "2001:1::1", "2001:20::1", "2001:1ff::1"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1", "3fff:fff::1"],
    "6to4": ["192.88.99.1", "2002:7f00:1::1", "2002:c0a8:1::1", "2002:808:808::1"],
    "AS112 and AMT": ["192.31.196.1", "192.52.193.1", "192.175.48.1", "2620:4f:8000::1"],
    "benchmarks": ["198.18.0.1", "198.19.255.255", "2001:2::1"],
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"],
    "reserved": ["240.0.0.1", "255.255.255.255", "4000::1", "e000::1"],
    "unspecified": ["::"],
    "IPv4 mapped": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::ffff:0:7f00:1"],
    "IPv4 compatible": ["::127.0.0.1", "::7f00:1", "::8.8.8.8"],
    "NAT64": ["64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b::808:808", "64:ff9b:1::7f00:1"],
    "Teredo": ["2001:0:4136:e378:8000:63bf:3fff:fdd2"],
    "discard-only": ["100::1", "100:0:0:1::1"],
    "segment routing": ["5f00::1"],
    "unique local": ["fc00::1", "fd00:ec2::254", "fdff::1"],
    "site-local": ["fec0::1", "feff::1"],
}


@pytest.mark.parametrize("text", PUBLIC)
def test_public(text: str) -> None:
    """What lies right beside a special range is as public as anything."""
    assert is_public(parse_address(text))


@pytest.mark.parametrize("text", [text for texts in SPECIAL.values() for text in texts])
def test_special(text: str) -> None:
    """Every registry of special purposes, and every way to put an IPv4 address into an IPv6 one."""
    assert not is_public(parse_address(text))


def test_no_stricter_reader_finds_more() -> None:
    """The library's own table is another reader of the registries: whatever it calls not global is refused, too."""
    tried = [ipaddress.ip_address(number << 20 | 1) for number in range(1 << 12)]
    tried += [ipaddress.ip_address(number << 116 | 1) for number in range(1 << 12)]
    tried += [ipaddress.ip_address(0x2001 << 112 | number << 100 | 1) for number in range(1 << 12)]

    assert [str(each) for each in tried if is_public(each) and not each.is_global] == []


@pytest.mark.parametrize(
    "text", ["2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.1", "127.0.1"]
)
def test_other_ways_to_write_an_address(text: str) -> None:
    """The system's resolver reads them all as this machine; what it says is looked at, whatever was asked."""
    found = {entry[4][0] for entry in socket.getaddrinfo(text, None, type=socket.SOCK_STREAM)}

    assert found == {"127.0.0.1"}
    assert not any(is_public(parse_address(str(address))) for address in found)


@pytest.mark.parametrize("text", ["fe80::1%eth0", "2606:4700::1111%1", "localhost", "", "1.2.3", "1.2.3.4 "])
def test_no_address(text: str) -> None:
    """An address with a zone is of one link alone, and no text that only looks like an address is one."""
    with pytest.raises(ValueError, match=r".*"):
        parse_address(text)


@pytest.mark.parametrize(("text", "expected"), [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("::", False)])
def test_loopback(text: str, expected: bool) -> None:
    """Loopback is what it says, and no other way to this machine."""
    assert is_loopback(parse_address(text)) is expected
    assert not is_loopback(parse_address("::ffff:127.0.0.1"))
