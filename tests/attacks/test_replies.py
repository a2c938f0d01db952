"""The reply table at the endpoints for clients: endpoint × fault × before and after a crash of the core."""

from collections.abc import Mapping
from dataclasses import dataclass

import httpx
import pytest

from tests.attacks.asking import ENDPOINTS, ONCE
from tests.attacks.combinations import WHEN
from tests.attacks.desk import TOKEN, Desk, register_device, restart
from tests.attacks.wrong_requests import Cell, list_cells
from tests.facade.pair import Pair

_CELLS = {(cell.endpoint, cell.fault): cell for cell in list_cells("")}


@dataclass(frozen=True)
class Told:
    """What one request was answered with, and whether its credential was good afterwards."""

    response: httpx.Response
    kept: bool


@dataclass(frozen=True)
class Answers:
    """By endpoint, fault, and when it was asked; and what a client was told that is registered for codes alone."""

    told: Mapping[tuple[str, str, str], Told]
    narrow: Mapping[str, httpx.Response]


@pytest.fixture(scope="module")
def answers(pair: Pair) -> Answers:
    """Every credential is made by one core; half of them are presented to it, half to the next one."""
    told: dict[tuple[str, str, str], Told] = {}
    narrow: dict[str, httpx.Response] = {}
    desk = Desk(pair)
    cells = list_cells(register_device(pair, "Another"))
    queues = {when: {endpoint: _Queue(desk, endpoint, cells) for endpoint in ENDPOINTS} for when in WHEN}
    body = {"redirect_uris": ["http://127.0.0.1/callback"], "grant_types": ["authorization_code"]}
    codes_alone = pair.client.post("/oauth/v1/register", json=body).json()["client_id"]
    for when in WHEN:
        if when:
            restart(pair)
        told |= {(cell.endpoint, cell.fault, when): queues[when][cell.endpoint].ask(cell) for cell in cells}
        narrow[when] = desk.post(TOKEN, client_id=codes_alone, grant_type="refresh_token", refresh_token="thr_x")
    return Answers(told, narrow)


class _Queue:
    """Good requests of one kind, made in advance: as many as are used up.

    What works once is used up by the look at whether it was kept. A grant goes on with what that look has given.
    """

    def __init__(self, desk: Desk, endpoint: str, cells: list[Cell]) -> None:
        asked = [cell for cell in cells if cell.endpoint == endpoint]
        used_up = len(asked) if endpoint in ONCE else 1 + sum(not cell.reply.kept for cell in asked)
        self._desk, self._make = desk, ENDPOINTS[endpoint]
        self._good = [self._make(desk) for _ in range(used_up)]

    def ask(self, cell: Cell) -> Told:
        """The reply to a wrong request, and whether the right one still works."""
        good = self._good.pop() if self._good else self._make(self._desk)
        response = cell.change(good).send(self._desk)
        # Whether a grant was revoked shows when it is refreshed.
        after = self._desk.refresh(good.value("token")) if cell.endpoint == "revocation" else good.send(self._desk)
        if after.status_code == 200 and cell.endpoint not in ONCE:
            self._good.append(good.with_value(good.secret, after.json().get("refresh_token", good.value(good.secret))))
        return Told(response, after.status_code == 200)


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize(("endpoint", "fault"), _CELLS)
def test_each_request_gets_the_reply_of_the_table(answers: Answers, endpoint: str, fault: str, when: str) -> None:
    """RFC 6749 §5.2, RFC 7009 §2, RFC 8628 §3, RFC 8707 §2, RFC 9700 §4.5: status, code, and the credential's fate."""
    told, expected = answers.told[endpoint, fault, when], _CELLS[endpoint, fault].reply
    body = told.response.json() if told.response.content else {}

    assert (told.response.status_code, body.get("error", ""), told.kept) == (
        expected.status,
        expected.error,
        expected.kept,
    )
    if expected.error:
        assert set(body) == {"error", "error_description"}


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_every_reply_has_the_headers_of_the_table(answers: Answers, endpoint: str, when: str) -> None:
    """RFC 6749 §5.1, §5.2: nobody stores it; a challenge comes with every 401 and with nothing else; Fetch §3.3.3."""
    for (asked, fault, judged), told in answers.told.items():
        if (asked, judged) == (endpoint, when):
            headers = told.response.headers
            assert headers["cache-control"] == "no-store", fault
            assert headers["access-control-allow-origin"] == "*", fault
            assert headers.get("www-authenticate", "").startswith("Basic") == (told.response.status_code == 401), fault


@pytest.mark.parametrize("when", WHEN)
def test_a_grant_type_that_was_not_registered(answers: Answers, when: str) -> None:
    """RFC 6749 §5.2: unauthorized_client, whatever is presented."""
    refused = answers.narrow[when]

    assert (refused.status_code, refused.json()["error"]) == (400, "unauthorized_client")
