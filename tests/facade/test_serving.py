"""The life of the process."""

import os
import re
import signal
import socket
from contextlib import suppress
from time import monotonic, sleep

import httpx
import pytest

from tests.facade.pair import Pair
from tests.facade.road import Visit, register
from tests.patience import PATIENCE
from tests.plain_http import NOBODY


def test_sigterm_lets_requests_in_flight_finish(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A request that waits for a hanging core is answered after SIGTERM, and then the process ends with 0."""
    body = "grant_type=refresh_token&refresh_token=thr_a&client_id=nobody"
    with Pair(tmp_path_factory.mktemp("term"), facade_module="tests.facade.patient_facade") as pair:
        assert pair.client.get("/livez").status_code == 200
        pair.hold_core()
        with socket.create_connection(("127.0.0.1", pair.port), timeout=PATIENCE) as connection:
            head = "POST /oauth/v1/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
            # The server takes connections in order: once the second has its reply, the first has been read.
            for _ in range(2):
                assert httpx.get(f"{pair.base}/livez", timeout=PATIENCE, verify=NOBODY).status_code == 200
            pair.facade.terminate()
            wait_until_nobody_listens(pair)
            pair.release_core()
            reply = b""
            while chunk := connection.recv(65536):
                reply += chunk

        assert reply.startswith(b"HTTP/1.1 401 ")
        assert b"connection: close" in reply
        assert pair.facade.wait(PATIENCE) == 0


def test_a_connection_in_use_is_told_that_it_ends(tmp_path_factory: pytest.TempPathFactory) -> None:
    """After SIGTERM the next request is answered, and its reply says that it is the last (RFC 9112 §9.6)."""
    request = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    with Pair(tmp_path_factory.mktemp("told")) as pair:
        with socket.create_connection(("127.0.0.1", pair.port), timeout=PATIENCE) as connection:
            answered, reply = 0, b""
            while b"connection: close" not in reply.lower():
                connection.sendall(request)
                reply = connection.recv(65536)
                assert reply.startswith(b"HTTP/1.1 200 "), reply
                answered += 1
                if answered == 100:
                    pair.facade.terminate()
            assert connection.recv(65536) == b""

        assert answered > 100
        assert pair.facade.wait(PATIENCE) == 0


def test_the_end_of_the_lifeline_is_the_end(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A facade whose parent is gone, however it went, stops by itself."""
    reading, writing = os.pipe()
    with Pair(tmp_path_factory.mktemp("lifeline")) as pair:
        pair.facade.terminate()
        pair.facade.wait(PATIENCE)
        os.environ["TOKENHOUSE_LIFELINE_FD"] = str(reading)
        try:
            pair.start_facade(inherit=(reading,))
        finally:
            del os.environ["TOKENHOUSE_LIFELINE_FD"]
            os.close(reading)
        assert pair.facade.poll() is None
        os.close(writing)

        assert pair.facade.wait(PATIENCE) == 0


def test_a_hangup_changes_nothing(pair: Pair) -> None:
    """SIGHUP asks for the configuration to be read again: one line says that there is none here, and it serves on."""
    before = len(pair.facade_log.read_text().splitlines())
    pair.facade.send_signal(signal.SIGHUP)
    wait_for_line(pair, "SIGHUP: nothing to reload here", after=before)
    lines = pair.facade_log.read_text().splitlines()[before:]

    assert len([line for line in lines if not re.search(r" milliseconds=\d+\.\d", line)]) == 1
    assert pair.client.get("/livez").status_code == 200


def test_secrets_never_reach_the_log(pair: Pair) -> None:
    """Canaries through every endpoint, on good and on broken requests: no log line of either process holds one."""
    canary = "canary-0123456789"
    before = len(pair.facade_log.read_text().splitlines())
    visit = Visit(pair, register(pair), state=canary)
    visit.log_in(visit.start(), password=canary, username=f"{canary}-name")
    code = visit.code()
    tokens = visit.redeem(code).json()
    form = {"grant_type": "refresh_token", "refresh_token": canary, "client_id": canary, "client_secret": canary}
    pair.client.post("/oauth/v1/token", data=form)
    pair.client.post("/oauth/v1/revoke", data={"token": canary, "client_id": canary})
    pair.client.post(f"/oauth/v1/token?code={canary}", headers={"Authorization": f"Basic {canary}"})
    pair.client.get(f"/oauth/v1/authorize?state={canary}%ff&client_id={canary}")
    pair.client.get(f"/{canary}?{canary}", headers={"Cookie": f"tokenhouse-session={canary}{canary}"})
    pair.client.post("/oauth/v1/register", content=f'{{"{canary}')
    pair.client.get("/livez", headers={"User-Agent": "the last request"})
    wait_for_line(pair, "GET /livez", after=before)
    logs = pair.facade_log.read_text() + pair.core_log.read_text()

    for secret in (canary, code, visit.verifier, pair.password, *visit.browser.cookies.values()):
        assert secret not in logs
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert token not in logs


def test_every_request_is_one_line(pair: Pair) -> None:
    """Time, level, where, method, route, status, a number of our own, milliseconds, and why where it was refused."""
    before = len(pair.facade_log.read_text().splitlines())
    pair.client.get("/livez", headers={"X-Request-ID": "theirs"})
    pair.client.get("/nowhere/at/all?x=y")
    wait_for_line(pair, "- - 404", after=before)
    lines = pair.facade_log.read_text().splitlines()[before:]
    shape = (
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO facade (GET /livez 200|- - 404) "
        r"correlation_id=[0-9a-f]{12} milliseconds=\d+\.\d( reason=UNKNOWN_ADDRESS)?"
    )

    assert [line for line in lines if re.fullmatch(shape, line)] == lines[-2:]


def wait_until_nobody_listens(pair: Pair) -> None:
    """Returns once the facade takes no more connections."""
    until = monotonic() + PATIENCE
    with suppress(ConnectionRefusedError):
        while monotonic() < until:
            socket.create_connection(("127.0.0.1", pair.port), timeout=PATIENCE).close()
            sleep(0.02)
        pytest.fail("it takes connections yet")


def wait_for_line(pair: Pair, text: str, *, after: int = 0) -> None:
    """Returns once the facade has logged a line with this text beyond the first `after` lines."""
    until = monotonic() + PATIENCE
    while not any(text in line for line in pair.facade_log.read_text().splitlines()[after:]):
        assert monotonic() < until, f"no line with {text!r}"
        sleep(0.02)
