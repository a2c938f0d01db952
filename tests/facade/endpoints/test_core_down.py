"""What is answered while the core is gone, hangs, or is being started again."""

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import httpx
import pytest

from tests.facade.pair import Pair
from tests.facade.road import Visit, register
from tests.patience import PATIENCE

_FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def down(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A pair whose core has been killed; tests leave it so."""
    with Pair(tmp_path_factory.mktemp("down")) as pair:
        for path in ("/.well-known/oauth-authorization-server", "/oauth/v1/jwks"):
            assert pair.client.get(path).status_code == 200
        pair.kill_core()
        yield pair


_REQUESTS = {
    "/oauth/v1/token": (_FORM, "grant_type=refresh_token&refresh_token=thr_a&client_id=b"),
    "/oauth/v1/revoke": (_FORM, "token=thr_a&client_id=b"),
    "/oauth/v1/register": ({"content-type": "application/json"}, '{"redirect_uris":["http://127.0.0.1/cb"]}'),
    "/oauth/v1/authorize": (None, "client_id=a&redirect_uri=http%3A%2F%2F127.0.0.1%2F"),
}


@pytest.fixture(scope="module")
def replies(down: Pair) -> dict[str, httpx.Response]:
    """What each endpoint answers; all are asked at once."""

    def ask(path: str) -> httpx.Response:
        headers, text = _REQUESTS[path]
        if headers is None:
            return httpx.get(f"{down.base}{path}?{text}", timeout=PATIENCE)
        return httpx.post(f"{down.base}{path}", content=text, headers=headers, timeout=PATIENCE)

    with ThreadPoolExecutor(len(_REQUESTS)) as pool:
        return dict(zip(_REQUESTS, pool.map(ask, _REQUESTS), strict=True))


@pytest.mark.parametrize("path", ["/oauth/v1/token", "/oauth/v1/revoke", "/oauth/v1/register"])
def test_clients_are_told_to_come_back(replies: dict[str, httpx.Response], path: str) -> None:
    """503 with Retry-After and JSON that says temporarily_unavailable, readable by scripts."""
    response = replies[path]

    assert (response.status_code, response.json()["error"]) == (503, "temporarily_unavailable")
    assert int(response.headers["retry-after"]) > 0
    assert response.headers["access-control-allow-origin"] == "*"


def test_people_are_told_to_come_back(replies: dict[str, httpx.Response]) -> None:
    """A page with 503 and Retry-After; no redirect, since nobody has verified the client."""
    response = replies["/oauth/v1/authorize"]

    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0
    assert response.headers["content-type"].startswith("text/html")
    assert "location" not in response.headers


def test_public_documents_go_on_being_served(down: Pair) -> None:
    """Metadata and keys are served as the core last told them (RFC 5861 §4)."""
    for path in ("/.well-known/oauth-authorization-server", "/oauth/v1/jwks"):
        assert {down.client.get(path).status_code for _ in range(20)} == {200}


def test_health_tells_the_two_apart(down: Pair) -> None:
    """The process lives, and cannot do its work."""
    assert down.client.get("/livez").status_code == 200
    ready = down.client.get("/readyz")

    assert ready.status_code == 503
    assert ready.headers["retry-after"]


def test_many_waiting_requests_are_all_answered(down: Pair) -> None:
    """A hundred requests at once are all told to come back: nothing piles up."""
    body = "grant_type=refresh_token&refresh_token=thr_a&client_id=b"
    with ThreadPoolExecutor(100) as pool:
        sent = [
            pool.submit(httpx.post, f"{down.base}/oauth/v1/token", content=body, headers=_FORM, timeout=PATIENCE)
            for _ in range(100)
        ]
        statuses = {each.result().status_code for each in sent}

    assert statuses == {503}


def test_the_road_goes_on_after_a_restart(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A request that meets a restarting core waits for it and succeeds; login, code and tokens live on."""
    with Pair(tmp_path_factory.mktemp("restart")) as pair, ThreadPoolExecutor(1) as pool:
        visit = Visit(pair, register(pair))
        page = visit.consent_page()
        pair.kill_core()
        answer = pool.submit(insist, lambda: visit.send(page, "/consent", decision="allow"))
        pair.start_core()
        code = httpx.URL(answer.result().headers["location"]).params["code"]

        pair.kill_core()
        tokens = pool.submit(insist, lambda: visit.redeem(code))
        pair.start_core()
        assert tokens.result().status_code == 200
        assert pair.client.get("/readyz").status_code == 200


def test_a_core_that_hangs_is_not_waited_for_without_end(tmp_path_factory: pytest.TempPathFactory) -> None:
    """SIGSTOP for some seconds: 503, documents still served, and everything well once it goes on."""
    with Pair(tmp_path_factory.mktemp("hang")) as pair:
        form = {"grant_type": "refresh_token", "refresh_token": "thr_a", "client_id": "nobody"}
        assert pair.client.get("/oauth/v1/jwks").status_code == 200
        pair.core.send_signal(signal.SIGSTOP)
        hung = pair.client.post("/oauth/v1/token", data=form)
        for _ in range(10):
            assert pair.client.get("/oauth/v1/jwks").status_code == 200
        ready = pair.client.get("/readyz").status_code
        pair.core.send_signal(signal.SIGCONT)

        assert (hung.status_code, ready) == (503, 503)
        assert pair.client.post("/oauth/v1/token", data=form).status_code == 401


def test_a_facade_starts_before_its_core(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Without a core it lives and says that it is not ready; when the core comes it is."""
    with Pair(tmp_path_factory.mktemp("early")) as pair:
        pair.facade.terminate()
        pair.facade.wait(PATIENCE)
        pair.kill_core()
        pair.start_facade(wait=False)
        assert retried(pair, "/livez").status_code == 200
        assert pair.client.get("/readyz").status_code == 503
        assert pair.client.get("/.well-known/oauth-authorization-server").status_code == 503
        pair.start_core()
        assert pair.client.post("/oauth/v1/revoke", data={"token": "a", "client_id": "b"}).status_code == 401
        assert pair.client.get("/readyz").status_code == 200


def insist(send: Callable[[], httpx.Response]) -> httpx.Response:
    """Sends until the core is back; each "later" must have been a wait of about three seconds, not a quick no."""
    while True:
        started = monotonic()
        response = send()
        if response.status_code != 503:
            return response
        assert monotonic() - started > 2.5


def retried(pair: Pair, path: str) -> httpx.Response:
    """Asks until somebody listens."""
    transport = httpx.HTTPTransport(retries=20)
    with httpx.Client(base_url=pair.base, transport=transport, timeout=PATIENCE) as client:
        return client.get(path)
