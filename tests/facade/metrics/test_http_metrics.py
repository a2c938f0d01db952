"""HTTP requests by method, route and status; refusals by reason; the way to the core; and where all that is told."""

import socket
from collections.abc import Iterator
from time import monotonic, sleep

import pytest

from tests.facade.pair import Pair
from tests.facade.raw import exchange
from tests.facade.road import Visit, register
from tests.patience import PATIENCE
from tests.plain_http import plain_client
from tests.ports import free_port
from tests.running import wait_until
from tests.scrape import Scrape, grown, scrape

_REQUESTS = "http_server_request_duration_seconds_count"
_BY = ("http_request_method", "http_route", "http_response_status_code")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A pair that tells its metrics."""
    with Pair(tmp_path_factory.mktemp("pair"), metrics=True) as running:
        yield running


def _look(pair: Pair) -> Scrape:
    return scrape(pair.facade_metrics)


def test_requests_are_counted_by_method_route_and_status(pair: Pair) -> None:
    """OpenTelemetry, http.server.request.duration: the route as the table has it, and _OTHER for what is not known."""
    before = _look(pair)
    pair.client.get("/.well-known/oauth-authorization-server?canary")
    pair.client.get("/.well-known/oauth-authorization-server")
    pair.client.get("/.well-known/canary")
    pair.client.get("/canary")
    pair.client.put("/oauth/v1/token")
    pair.client.request("CANARY", "/oauth/v1/token")
    pair.client.post("/oauth/v1/token", data={"grant_type": "canary"})
    pair.client.options("/oauth/v1/token")
    pair.client.get(pair.client.get("/oauth/v1/authorize").text.partition('href="')[2].partition('"')[0])
    exchange(pair, b"GET /oauth/v1/token\x00 HTTP/1.1\r\n\r\n")
    after = _look(pair)

    assert grown(before, after, _REQUESTS, _BY) == {
        ("GET", "/.well-known/oauth-authorization-server", "200"): 2,
        ("GET", "/.well-known/", "404"): 1,
        ("_OTHER", "_OTHER", "404"): 1,
        ("_OTHER", "/oauth/v1/token", "405"): 2,
        ("POST", "/oauth/v1/token", "400"): 1,
        ("OPTIONS", "/oauth/v1/token", "204"): 1,
        ("GET", "/oauth/v1/authorize", "400"): 1,
        ("GET", "/static/<name>", "200"): 1,
        ("_OTHER", "_OTHER", "400"): 1,
    }
    assert grown(before, after, "tokenhouse_http_refusals_total", ("reason",)) == {
        ("NOT_FOUND",): 1,
        ("UNKNOWN_ADDRESS",): 1,
        ("METHOD_NOT_ALLOWED",): 2,
        ("UNSUPPORTED_GRANT_TYPE",): 1,
        ("INVALID_REQUEST",): 2,
    }
    assert "anary" not in after.text.lower()


def test_calls_of_the_core_are_counted(pair: Pair) -> None:
    """OpenTelemetry, rpc.client.call.duration; and how many requests left together."""
    before, client_id = _look(pair), register(pair)
    Visit(pair, client_id).redeem("made up")
    after, tokens = _look(pair), "tokenhouse.v1.TokenService/IssueTokens"
    calls = grown(before, after, "rpc_client_call_duration_seconds_count", ("rpc_method", "rpc_response_status_code"))

    assert calls[tokens, "OK"] == 1
    assert calls["tokenhouse.v1.RegistrationService/RegisterClients", "OK"] == 1
    assert grown(before, after, "tokenhouse_coalescer_batch_items_sum", ("rpc_method",))[(tokens,)] == 1
    assert after.value("tokenhouse_coalescer_waiting_requests") == 0
    assert after.value("http_server_active_requests") == 0
    assert after.value("tokenhouse_build_info", process="facade") == 1
    assert after.value("process_open_fds") > 3


def test_a_core_that_is_gone_can_be_seen(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The facade goes on telling: its calls fail, and are tried again."""
    with Pair(tmp_path_factory.mktemp("gone"), metrics=True) as pair:
        client_id = register(pair)
        pair.kill_core()
        assert Visit(pair, client_id).redeem("made up").status_code == 503
        found = _look(pair)
        # Whoever waited is answered when its time is up, perhaps a moment before the call itself has ended.
        wait_until(lambda: _failed(_look(pair), "tokenhouse.v1.TokenService/IssueTokens") > 0, "a call that failed")

    assert found.value(_REQUESTS, http_route="/oauth/v1/token", http_response_status_code="503") == 1
    assert found.value("tokenhouse_http_refusals_total", reason="TEMPORARILY_UNAVAILABLE") == 1


def _failed(found: Scrape, method: str) -> float:
    name = "rpc_client_call_duration_seconds_count"
    return found.value(name, rpc_method=method) - found.value(name, rpc_method=method, rpc_response_status_code="OK")


def test_metrics_are_not_public(pair: Pair) -> None:
    """GET /metrics at the public address is a 404 like any other, and nothing public is at the metrics' address."""
    assert pair.client.get("/metrics").status_code == 404
    with plain_client(pair.facade_metrics) as told:
        answer = told.get("/metrics")
        others = [told.get(path).status_code for path in ("/", "/livez", "/oauth/v1/jwks", "/metrics/x")]
        wrong = told.post("/metrics")

    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert others == [404] * 4
    assert wrong.status_code == 405


def test_scrapes_leave_no_trace(pair: Pair) -> None:
    """A scrape is no event: neither a line in the log nor a request that counts."""
    before, lines = _look(pair), len(pair.facade_log.read_text().splitlines())
    after = _look(pair)
    pair.client.get("/livez")
    until = monotonic() + PATIENCE
    while len(written := pair.facade_log.read_text().splitlines()[lines:]) < 1:
        assert monotonic() < until
        sleep(0.02)

    assert grown(before, after, _REQUESTS, _BY) == {}
    assert [line.split(" INFO facade ")[1].split(" correlation_id")[0] for line in written] == ["GET /livez 200"]


def test_it_stops_with_the_facade(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Once the facade has stopped nobody listens there, although somebody holds a connection."""
    with Pair(tmp_path_factory.mktemp("stops"), metrics=True) as pair:
        port = int(pair.facade_metrics.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE):
            assert _look(pair).value("tokenhouse_build_info") == 1
            pair.facade.terminate()
            assert pair.facade.wait(PATIENCE) == 0
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def test_a_port_that_is_taken_is_refused(pair: Pair) -> None:
    """README: a setting that cannot be used is one line with its name, and exit status 78."""
    other = Pair(pair.folder, metrics=True, port=free_port())
    other.facade_metrics = pair.facade_metrics
    other.facade_log = pair.folder / "other.log"
    other.start_facade(wait=False)
    where = pair.facade_metrics.removeprefix("http://")

    assert other.facade.wait(PATIENCE) == 78
    assert other.facade_log.read_text() == (
        f"tokenhouse facade: Metrics.FacadeListen: cannot listen on {where}: Address already in use\n"
    )
