"""One request to one address that was looked at: what is refused, and before whom (attacks: SSRF)."""

import socket
import ssl
import threading
from collections.abc import Callable, Sequence

import pytest

from core.outbound.guarded_http import BODY_BYTES, Answer, CannotFetch, GuardedHttp, TooBusy
from tests.certificates import Authority, dns
from tests.document_host import DocumentHost, http_answer
from tests.fakes.network import HangingNetwork, LaidOutNetwork
from tests.outbound.conftest import ADDRESS, HOST
from tests.patience import PATIENCE

#: Times to give a host, in seconds: the first is enough, but where the machine is busy.
TIMES = (0.3, 2.0, 20.0)


def get(http: GuardedHttp, path: str = "/a", host: str = HOST, port: int = 443, *, loopback: bool = False) -> Answer:
    """GET, as everybody here does it."""
    return http.get(host, port, path, accept="application/json", loopback=loopback)


def refusal(
    http: GuardedHttp, path: str = "/a", host: str = HOST, port: int = 443, *, loopback: bool = False
) -> CannotFetch:
    """GET what cannot be had."""
    with pytest.raises(CannotFetch) as caught:
        get(http, path, host, port, loopback=loopback)
    return caught.value


def trusting(authority: Authority) -> Callable[[], ssl.SSLContext]:
    """What makes certificates of this authority good."""
    return lambda: ssl.create_default_context(cadata=authority.pem.decode())


def test_an_answer(host: DocumentHost, http: GuardedHttp, network: LaidOutNetwork) -> None:
    """The request says nothing but what is wanted; the connection goes to the address, and TLS to the name."""
    host.serve("/a?b=c", b"{}", "Content-Type: application/json", "X-Two: 1", "X-Two: 2")

    assert get(http, "/a?b=c") == Answer(
        200, {"content-length": "2", "content-type": "application/json", "x-two": "1, 2"}, b"{}"
    )
    assert network.connected == [(ADDRESS, 443)]
    assert host.server_names == [HOST]
    assert host.requests == [
        f"GET /a?b=c HTTP/1.1\r\nHost: {HOST}\r\nAccept: application/json\r\nAccept-Encoding: identity\r\n"
        "User-Agent: tokenhouse\r\nConnection: close\r\n\r\n"
    ]


def test_a_name_is_resolved_once(host: DocumentHost, http: GuardedHttp, network: LaidOutNetwork) -> None:
    """DNS rebinding: the second answer would lead to this machine, and nobody asks for it."""
    host.serve("/a", b"{}")
    network.names[HOST] = [[ADDRESS], ["127.0.0.1"]]

    assert get(http).status == 200
    assert network.asked == [HOST]
    assert network.connected == [(ADDRESS, 443)]
    assert "not public" in refusal(http).reason
    assert network.connected == [(ADDRESS, 443)]


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["0.0.0.0"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["2002:7f00:1::1"],
        ["fe80::1%lo"],
        [ADDRESS, "192.168.0.1"],
        ["fd00::1", ADDRESS],
    ],
    ids=" ".join,
)
def test_a_name_that_leads_inside(http: GuardedHttp, network: LaidOutNetwork, addresses: Sequence[str]) -> None:
    """One address that is not public is enough, nothing is connected to, and whoever asked learns no address."""
    network.names[HOST] = [addresses]

    refused = refusal(http)

    assert refused.reason == "the name of its host leads to an address that is not public"
    assert refused.before_asking
    assert refused.detail in [*addresses, "::ffff:7f00:1"]
    assert network.connected == []


@pytest.mark.parametrize("text", ["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "localhost"])
def test_this_machine_by_the_systems_own_resolver(text: str) -> None:
    """However this machine is written, the system's resolver says what it is, and that is refused."""
    assert refusal(GuardedHttp(), host=text).reason in (
        "the name of its host leads to an address that is not public",
        # Not every system reads every form; nobody reaches anything by it.
        "the name of its host leads nowhere",
    )


def test_this_machine_where_it_is_allowed(authority: Authority) -> None:
    """Draft, "SSRF Attacks": for development, on the very machine; the name is asked of nobody."""
    network = LaidOutNetwork({"localhost": [["10.0.0.1"]], HOST: [["127.0.0.1"]]})
    http = GuardedHttp(network, trusting(authority))
    with DocumentHost(authority) as own:
        own.serve("/a", b"{}")
        network.routes["127.0.0.1"] = own.port

        assert get(http, host="localhost", port=own.port, loopback=True).status == 200
        assert get(http, host="127.0.0.1", port=own.port, loopback=True).status == 200
        assert network.asked == []
        assert own.requests[0].split("\r\n")[1] == f"Host: localhost:{own.port}"
        # A name that somebody else gives an address to is no name of this machine.
        assert "not public" in refusal(http, loopback=True).reason
        assert "not public" in refusal(http, host="localhost").reason


def test_the_next_address(host: DocumentHost, http: GuardedHttp, network: LaidOutNetwork) -> None:
    """An address that nobody answers at is no reason to give up: IPv6 without a route, say."""
    host.serve("/a", b"{}")
    network.names[HOST] = [["2606:4700::1", ADDRESS]]

    assert get(http).status == 200
    assert network.connected == [("2606:4700::1", 443), (ADDRESS, 443)]


def test_both_families_in_turns(host: DocumentHost, http: GuardedHttp, network: LaidOutNetwork) -> None:
    """RFC 8305 §4: however many addresses of the first family there are, the other one's first is tried second."""
    host.serve("/a", b"{}")
    network.names[HOST] = [[*(f"2606:4700::{number}" for number in range(1, 9)), ADDRESS, "8.8.8.8"]]

    assert get(http).status == 200
    assert network.connected == [("2606:4700::1", 443), (ADDRESS, 443)]


def test_nobody_answers(http: GuardedHttp, network: LaidOutNetwork) -> None:
    """The operator learns which addresses were tried, at most four; whoever asked does not."""
    network.routes.clear()
    network.names[HOST] = [[f"8.8.8.{number}" for number in range(1, 10)]]

    refused = refusal(http)

    assert (refused.reason, refused.before_asking) == ("its host cannot be reached", True)
    assert [address for address, _ in network.connected] == [f"8.8.8.{number}" for number in range(1, 5)]
    assert "8.8.8.4" in refused.detail


def test_no_such_name(http: GuardedHttp) -> None:
    """Nor is a name without an address anything else."""
    assert refusal(http, host="nowhere.example").reason == "the name of its host leads nowhere"


def test_a_resolver_that_hangs(authority: Authority) -> None:
    """The system's resolver takes as long as it likes; the request does not. Only so many questions without an answer
    are left behind: then it is this server that is busy, and no host that failed."""
    network = HangingNetwork()
    http = GuardedHttp(network, trusting(authority), time=0.001)
    before = threading.active_count()
    try:
        refused = [refusal(http) for _ in range(64)]
        assert {each.reason for each in refused} == {"the name of its host leads nowhere"}
        assert {each.detail for each in refused} == {"the resolver did not answer in time"}
        with pytest.raises(TooBusy):
            get(http)
        assert network.asked == [HOST] * 64
        assert threading.active_count() <= before + 64
    finally:
        network.released.set()


@pytest.mark.parametrize(
    ("names", "days"), [(("other.example",), 1), ((HOST,), -1), (("*.example",), -1)], ids=["name", "expired", "both"]
)
def test_a_certificate_that_is_not_good(
    authority: Authority, network: LaidOutNetwork, names: tuple[str, ...], days: int
) -> None:
    """TLS is held against the name that was asked for, and against the time."""
    with DocumentHost(authority, *map(dns, names), days=days) as other:
        network.routes[ADDRESS] = other.port
        refused = refusal(GuardedHttp(network, trusting(authority)))

    assert refused.reason == "its host has no certificate that is good for it"
    assert refused.before_asking
    assert other.requests == []


def test_a_certificate_of_nobody(host: DocumentHost, network: LaidOutNetwork) -> None:
    """An authority that the system does not trust makes nothing good."""
    assert refusal(GuardedHttp(network)).reason == "its host has no certificate that is good for it"
    assert host.requests == []


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1")
def test_an_old_tls(authority: Authority, network: LaidOutNetwork) -> None:
    """A host that speaks nothing newer than TLS 1.1 is not spoken with."""
    with DocumentHost(authority, dns(HOST)) as old:
        old.limit_tls(ssl.TLSVersion.TLSv1_1)
        network.routes[ADDRESS] = old.port
        assert "does not speak TLS" in refusal(GuardedHttp(network, trusting(authority))).reason
    assert old.requests == []


def test_no_tls(http: GuardedHttp, network: LaidOutNetwork) -> None:
    """Nothing is ever sent in the clear."""
    with socket.create_server(("127.0.0.1", 0)) as plain:
        network.routes[ADDRESS] = plain.getsockname()[1]
        received: list[bytes] = []

        def answer() -> None:
            connection, _ = plain.accept()
            with connection:
                connection.sendall(http_answer(b"{}"))
                received.append(connection.recv(65536))

        answering = threading.Thread(target=answer)
        answering.start()
        refused = refusal(http)
        answering.join(PATIENCE)

    assert "does not speak TLS" in refused.reason
    assert b"GET" not in received[0]


def test_redirects_are_answers(host: DocumentHost, http: GuardedHttp, network: LaidOutNetwork) -> None:
    """Nobody is led on, to whatever scheme or place."""
    host.serve("/a", b"", "Location: http://169.254.169.254/latest/meta-data", status="302 Found")

    assert get(http).status == 302
    assert len(network.connected) == 1


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_no_proxy(
    host: DocumentHost, http: GuardedHttp, network: LaidOutNetwork, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """What the environment says of proxies does not count: one would resolve the name anew."""
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    host.serve("/a", b"{}")

    assert get(http).status == 200
    assert network.connected == [(ADDRESS, 443)]


@pytest.mark.parametrize("size", [0, 1, BODY_BYTES - 1, BODY_BYTES])
def test_as_large_as_it_may_be(host: DocumentHost, http: GuardedHttp, size: int) -> None:
    """5 KB are read whole, with a length, in chunks, or until the connection ends."""
    body = b"x" * size
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:100], body[100:]) if part) + b"0\r\n\r\n"
    host.serve("/length", body)
    host.answers["/chunks"] = sending(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
    host.answers["/end"] = sending(b"HTTP/1.1 200 OK\r\n\r\n" + body)

    assert [get(http, path).body for path in ("/length", "/chunks", "/end")] == [body] * 3


def test_what_comes_before_the_answer(host: DocumentHost, http: GuardedHttp) -> None:
    """Interim answers are passed over, however many (RFC 9110 §15.2): a host may send hints that nobody asked for."""
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
    host.answers["/a"] = sending(b"HTTP/1.1 100 Continue\r\n\r\n" + hints + hints + http_answer(b"{}", "X-Own: 1"))

    answer = get(http)

    assert (answer.status, answer.body, answer.headers.get("x-own"), "link" in answer.headers) == (
        200,
        b"{}",
        "1",
        False,
    )


def test_larger_than_it_may_be(host: DocumentHost, http: GuardedHttp) -> None:
    """One byte more is too many, and what never ends is read no further, in the head or in the body."""
    body = b"x" * (BODY_BYTES + 1)
    endless = [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\n",
    ]
    more = [b"x" * 1000, b"X: y\r\n", b"x" * 1000, endless[3], endless[4]]
    host.serve("/length", body)
    host.answers["/end"] = sending(b"HTTP/1.1 200 OK\r\n\r\n" + body)
    host.answers["/chunk"] = sending(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n" + body)
    for number, (head, part) in enumerate(zip(endless, more, strict=True)):
        host.answers[f"/endless{number}"] = sending(head, part * 2000)

    reasons = {path: refusal(http, path).reason for path in host.answers}

    too_large, broken = "it is larger than 5 KB", "its host did not answer as HTTP asks for"
    assert reasons.pop("/endless1") in (too_large, broken)  # http.client takes a hundred headers, and then no more
    assert set(reasons.values()) == {too_large}


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 99 Too small\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{}",
        b"SSH-2.0-OpenSSH_9.9\r\n",
    ],
)
def test_what_is_no_http(host: DocumentHost, http: GuardedHttp, answer: bytes) -> None:
    """An answer that is cut off, or none, is not taken for a short one; its host was told what is wanted."""
    host.answers["/a"] = sending(answer)

    refused = refusal(http)

    assert refused.reason == "its host did not answer as HTTP asks for"
    assert not refused.before_asking


@pytest.mark.parametrize(
    ("head", "says_nothing"),
    [
        (b"", True),
        (b"HTTP/1.1 200 OK\r\nX: ", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", False),
    ],
)
def test_a_host_that_drips(
    host: DocumentHost, network: LaidOutNetwork, authority: Authority, head: bytes, says_nothing: bool
) -> None:
    """The time is for everything: a byte now and then does not make it longer. A host that has begun to answer is not
    taken for one that is down: whoever names one of its streams must lock out none of its other documents."""
    ended = threading.Event()

    def drip(connection: ssl.SSLSocket) -> None:
        connection.sendall(head)
        while not ended.wait(0.02):
            connection.sendall(b"x")

    host.answers["/a"] = drip
    try:
        refused = next(
            refused
            for time in TIMES
            if not (refused := refusal(GuardedHttp(network, trusting(authority), time))).before_asking
        )
    finally:
        ended.set()

    assert (refused.reason, refused.too_late) == ("it did not come in time", says_nothing)


def test_a_host_that_says_nothing(network: LaidOutNetwork, authority: Authority) -> None:
    """Nor does a handshake that never goes on, and that host never learned what is wanted."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        network.routes[ADDRESS] = silent.getsockname()[1]
        refused = refusal(GuardedHttp(network, trusting(authority), TIMES[0]))

    assert refused.reason == "its host does not speak TLS with this server"
    assert refused.before_asking


def sending(*parts: bytes) -> Callable[[ssl.SSLSocket], None]:
    """Send these bytes as they are, for as long as somebody reads them."""

    def send(connection: ssl.SSLSocket) -> None:
        for part in parts:
            connection.sendall(part)

    return send
