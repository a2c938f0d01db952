"""A confidential client is who it proves to be, in the way it registered, wherever it comes: method × secret × path."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest

from core.domain.authorization.device_endpoint import DeviceAuthorizationRequest
from core.domain.clients.authentication import ClientCredentials
from core.domain.clients.client import Client
from core.domain.clients.grant_types import DEVICE_CODE
from core.domain.clients.terms import SECRET_METHODS
from core.domain.errors import Refusal
from core.domain.grants.token_request import TokenResponse
from tests.attacks.combinations import WHEN
from tests.domain.house import MCP, House
from tests.domain.road import (
    a_client,
    a_code,
    a_confidential_client,
    a_user,
    asking_for_itself,
    connect,
    introspect,
    redeeming,
    refreshing,
)

#: How a request says who it comes from.
_PRESENTED = ("none", *SECRET_METHODS, "tls_client_auth")
_PROOFS = ("right", "none", "empty", "wrong", "cut", "removed", "another's", "its SHA-256")


@dataclass(frozen=True)
class _Known:
    """A client of each kind of registration, with what it holds and held."""

    client: Client
    proofs: dict[str, str | None]


def _know(house: House, registered: str) -> _Known:
    if registered == "none":
        return _Known(a_client(house), {"none": None, "wrong": "made up"})
    everything = ("authorization_code", "refresh_token", "client_credentials", DEVICE_CODE)
    client, removed = a_confidential_client(
        house, authentication_method=registered, grant_types=everything, scope=("mcp",), resources=(MCP,)
    )
    [old] = house.preregistration.list_secrets(client)
    right = house.preregistration.add_secret(client.client_id).text
    house.preregistration.remove_secret(client.client_id, old.secret_id)
    [kept] = house.preregistration.list_secrets(client)
    another = a_confidential_client(house, authentication_method=registered)[1]
    proofs = {"right": right, "none": None, "empty": "", "wrong": "made up", "cut": right[:-1], "removed": removed}
    return _Known(client, {**proofs, "another's": another, "its SHA-256": kept.digest.hex()})


def _good(known: _Known) -> dict[str, str | None]:
    method = known.client.terms.authentication_method
    return {"method": method, "secret": known.proofs["none" if method == "none" else "right"]}


def _code(house: House, known: _Known) -> Callable[[str, str | None], object]:
    code = a_code(house, known.client, a_user(house))
    return lambda method, secret: house.tokens.issue(
        redeeming(known.client.client_id, code, method=method, secret=secret)
    )


def _tokens(house: House, known: _Known) -> TokenResponse:
    code = a_code(house, known.client, a_user(house))
    return house.tokens.issue(redeeming(known.client.client_id, code, **_good(known)))


def _refresh(house: House, known: _Known) -> Callable[[str, str | None], object]:
    token = _tokens(house, known).refresh_token or ""
    return lambda method, secret: house.tokens.issue(
        refreshing(known.client.client_id, token, method=method, secret=secret)
    )


def _revocation(house: House, known: _Known) -> Callable[[str, str | None], object]:
    token = _tokens(house, known).access_token
    return lambda method, secret: house.revocation.revoke(
        token, ClientCredentials(known.client.client_id, secret, method)
    )


def _introspection(house: House, known: _Known) -> Callable[[str, str | None], object]:
    token = connect(house).tokens.access_token
    return lambda method, secret: introspect(house, token, known.client.client_id, secret, method)


def _device(house: House, known: _Known) -> Callable[[str, str | None], object]:
    def start(method: str, secret: str | None) -> object:
        credentials = ClientCredentials(known.client.client_id, secret, method)
        return house.devices.start(DeviceAuthorizationRequest(credentials, None, (), "192.0.2.1"))

    return start


def _own_token(house: House, known: _Known) -> Callable[[str, str | None], object]:
    return lambda method, secret: house.tokens.issue(asking_for_itself(known.client.client_id, secret, method=method))


_PATHS = {
    "device": _device,
    "own token": _own_token,
    "introspection": _introspection,
    "code": _code,
    "refresh": _refresh,
    "revocation": _revocation,
}
_CELLS = list(product(("none", *SECRET_METHODS), _PRESENTED, _PROOFS, _PATHS, WHEN))
_Cell = tuple[str, str, str, str, str]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[_Cell, str]:
    """The refusal of each cell, or nothing; what is presented was made before the core was started again."""
    house = House(tmp_path_factory.mktemp("authentication") / "database")
    told: dict[_Cell, str] = {}
    known = {registered: _know(house, registered) for registered in ("none", *SECRET_METHODS)}
    cells = [cell for cell in _CELLS if cell[2] in known[cell[0]].proofs]
    waiting = {(cell[0], cell[3], cell[4]): _PATHS[cell[3]](house, known[cell[0]]) for cell in cells}
    for when in WHEN:
        if when:
            house.restart()
        # What is right comes last: whatever was refused before it has used nothing up.
        for cell in sorted((cell for cell in cells if cell[4] == when), key=_should_pass):
            registered, presented, proof, path, _ = cell
            try:
                waiting[registered, path, when](presented, known[registered].proofs[proof])
                told[cell] = ""
            except Refusal as refusal:
                told[cell] = type(refusal).__name__
    house.close()
    return told


def _should_pass(cell: _Cell) -> bool:
    registered, presented, proof, _, _ = cell
    if registered == "none":
        # It names itself; in which way it did so with no secret at all says nothing about it.
        return proof == "none"
    return presented == registered and proof == "right"


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("path", _PATHS)
@pytest.mark.parametrize("registered", SECRET_METHODS)
def test_the_registered_method_with_a_good_secret_and_nothing_else(
    answers: dict[_Cell, str], registered: str, path: str, when: str
) -> None:
    """RFC 6749 §2.3, §3.2.1, RFC 7009 §2.1, RFC 9700 §2.5: everything else is invalid_client, and what was presented
    with it is as good as before."""
    cells = {cell: told for cell, told in answers.items() if (cell[0], cell[3], cell[4]) == (registered, path, when)}

    assert len(cells) == len(_PRESENTED) * len(_PROOFS)
    assert {cell: told for cell, told in cells.items() if told != ("" if _should_pass(cell) else "InvalidClient")} == {}


@pytest.mark.parametrize("path", _PATHS)
def test_a_public_client_has_no_secret(answers: dict[_Cell, str], path: str) -> None:
    """RFC 6749 §2.3.1: one that sends a secret takes itself for another, on every path alike."""
    cells = {cell: told for cell, told in answers.items() if (cell[0], cell[3]) == ("none", path)}
    refused = {told for cell, told in cells.items() if not _should_pass(cell)}

    assert refused == {"InvalidClient"}


@pytest.mark.parametrize(("path", "refusal"), [("own token", "UnauthorizedClient"), ("introspection", "InvalidClient")])
def test_a_name_is_no_proof(answers: dict[_Cell, str], path: str, refusal: str) -> None:
    """RFC 6749 §4.4, RFC 7662 §2.1: what is for clients that authenticate is not for one that names itself."""
    cells = {told for cell, told in answers.items() if (cell[0], cell[3]) == ("none", path) and _should_pass(cell)}

    assert cells == {refusal}


def test_a_name_alone_reveals_nothing_and_takes_nothing(tmp_path: Path) -> None:
    """A client whose id everybody knows is as safe as its secret: a hundred guesses leave its code as it was."""
    house = House(tmp_path / "database")
    known = _know(house, SECRET_METHODS[0])
    code = a_code(house, known.client, a_user(house))
    for _ in range(100):
        guess = redeeming(known.client.client_id, code, method=SECRET_METHODS[0], secret=secrets.token_urlsafe(32))
        with pytest.raises(Refusal):
            house.tokens.issue(guess)
    assert house.tokens.issue(redeeming(known.client.client_id, code, **_good(known))).access_token
    house.close()
