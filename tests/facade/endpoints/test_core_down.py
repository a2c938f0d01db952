"""How many wait for a core that is gone, and that they go on once it is started again."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.facade.pair import Pair
from tests.facade.road import Visit, register
from tests.patience import PATIENCE
from tests.ports import wait_until_listening

_FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def down(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A pair whose core has been killed; tests leave it so."""
    with Pair(tmp_path_factory.mktemp("down")) as pair:
        for path in ("/.well-known/oauth-authorization-server", "/oauth/v1/jwks"):
            assert pair.client.get(path).status_code == 200
        pair.kill_core()
        yield pair


def test_many_waiting_requests_are_all_answered(down: Pair) -> None:
    """A hundred requests at once are all told to come back: nothing piles up."""
    body = "grant_type=refresh_token&refresh_token=thr_a&client_id=b"
    with ThreadPoolExecutor(100) as pool:
        sent = [
            pool.submit(
                httpx.post, f"{down.base}/oauth/v1/token", content=body, headers=_FORM, timeout=PATIENCE, verify=False
            )
            for _ in range(100)
        ]
        statuses = {each.result().status_code for each in sent}

    assert statuses == {503}


def test_the_road_goes_on_after_a_restart(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A request that meets a restarting core waits for it and succeeds; login, code and tokens live on."""
    # A reply that came too late for the facade would be one that the client has lost, and its code would be spent.
    patient = Pair(tmp_path_factory.mktemp("restart"), facade_module="tests.facade.patient_facade")
    with patient as pair, ThreadPoolExecutor(1) as pool:
        visit = Visit(pair, register(pair))
        page = visit.consent_page()
        pair.kill_core()
        answer = pool.submit(visit.send, page, "/consent", decision="allow")
        pair.start_core()
        code = httpx.URL(answer.result().headers["location"]).params["code"]

        pair.kill_core()
        tokens = pool.submit(visit.redeem, code)
        pair.start_core()
        assert tokens.result().status_code == 200
        assert pair.client.get("/readyz").status_code == 200


def test_a_facade_starts_before_its_core(down: Pair) -> None:
    """Without a core it lives and says that it is not ready; when the core comes it is."""
    down.facade.terminate()
    down.facade.wait(PATIENCE)
    down.start_facade(wait=False)
    wait_until_listening(down.port)
    assert down.client.get("/livez").status_code == 200
    assert down.client.get("/readyz").status_code == 503
    assert down.client.get("/.well-known/oauth-authorization-server").status_code == 503
    down.start_core()
    assert down.client.post("/oauth/v1/revoke", data={"token": "a", "client_id": "b"}).status_code == 401
    assert down.client.get("/readyz").status_code == 200
    down.kill_core()
