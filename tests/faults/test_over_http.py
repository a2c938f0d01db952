"""What HTTP clients see of a disk that fails: 503 and when to come back, and nothing else goes down."""

import errno
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tokenhouse.v1 import validation_pb2

from tests.facade.pair import Pair
from tests.facade.road import REDIRECT_URI, Visit, register
from tests.faults.absence_story import validate
from tests.faults.disk_shim import GROWING, ChangeKind, DiskShim
from tests.faults.small_disk import SmallDisk

_FAULTS = {errno.ENOSPC: GROWING, errno.EIO: (ChangeKind.WRITTEN, ChangeKind.SYNCED)}


@pytest.fixture
def pair(shim: DiskShim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    """A core on the disk, and a facade before it."""
    for name, value in shim.environment.items():
        monkeypatch.setenv(name, value)
    with Pair(tmp_path) as serving:
        yield serving


def require_later(response: httpx.Response) -> None:
    """503 with Retry-After (RFC 9110 §15.6.4, RFC 7009 §2.2.1) and the JSON error of RFC 6749 §5.2."""
    assert response.status_code == 503, response.text
    assert int(response.headers["retry-after"]) >= 1
    assert response.json()["error"] == "temporarily_unavailable"


@pytest.mark.parametrize("error", list(_FAULTS), ids=errno.errorcode.get)
def test_later(pair: Pair, shim: DiskShim, error: int) -> None:
    """Token, revocation and registration say "later"; metadata and keys are served; then all goes on as before."""
    visit = Visit(pair, register(pair))
    tokens = visit.redeem(visit.code()).json()
    refreshing = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": visit.client_id}
    other = Visit(pair, visit.client_id)
    code = other.code()
    shim.fail(*_FAULTS[error], error=error)

    require_later(pair.client.post("/oauth/v1/token", data=refreshing))
    require_later(other.redeem(code))
    require_later(
        pair.client.post("/oauth/v1/revoke", data={"token": tokens["refresh_token"], "client_id": visit.client_id})
    )
    body = {"client_name": "Another", "redirect_uris": [REDIRECT_URI]}
    require_later(pair.client.post("/oauth/v1/register", json=body))
    assert shim.failed >= 4
    assert pair.client.get("/.well-known/oauth-authorization-server").status_code == 200
    assert pair.client.get("/oauth/v1/jwks").status_code == 200

    shim.heal()
    assert pair.client.post("/oauth/v1/token", data=refreshing).status_code == 200
    assert other.redeem(code).status_code == 200
    assert pair.client.post("/oauth/v1/register", json=body).status_code == 201


def test_a_full_disk(small_disk: SmallDisk, tmp_path: Path) -> None:
    """Whoever wants more is told to come back; a revocation is answered 200, and is one (RFC 7009 §2.2); with room
    again all goes on."""
    with Pair(tmp_path, core_environment=small_disk.environment) as pair:
        staying = Visit(pair, register(pair))
        leaving = Visit(pair, staying.client_id)
        kept, ended = (visit.redeem(visit.code()).json() for visit in (staying, leaving))
        refreshing = {"grant_type": "refresh_token", "refresh_token": kept["refresh_token"]}
        refreshing["client_id"] = staying.client_id
        body = {"client_name": "Another", "redirect_uris": [REDIRECT_URI]}
        small_disk.fill()

        require_later(pair.client.post("/oauth/v1/token", data=refreshing))
        require_later(pair.client.post("/oauth/v1/register", json=body))
        revoking = {"token": ended["refresh_token"], "client_id": staying.client_id}
        assert pair.client.post("/oauth/v1/revoke", data=revoking).status_code == 200
        assert [is_active(pair, each["access_token"]) for each in (kept, ended)] == [True, False]

        small_disk.empty()
        assert pair.client.post("/oauth/v1/token", data=refreshing).status_code == 200
        assert pair.client.post("/oauth/v1/register", json=body).status_code == 201
        refreshing["refresh_token"] = ended["refresh_token"]
        assert pair.client.post("/oauth/v1/token", data=refreshing).json()["error"] == "invalid_grant"


def is_active(pair: Pair, token: str) -> bool:
    """What a service is told."""
    answer = validate(pair, token)
    assert isinstance(answer, validation_pb2.ValidateTokenResponse)
    return answer.active
