"""BackupAdminService: copies of the database while everything goes on, worth nothing by themselves."""

import base64
from pathlib import Path

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_private_key
from tokenhouse.v1.backup_admin_pb2 import CreateBackupRequest, CreateBackupResponse
from tokenhouse.v1.grant_admin_pb2 import ListGrantsRequest, RevokeGrantRequest

from core.domain.errors import FailedPrecondition
from core.domain.keys.master_key import MasterKeys
from core.domain.keys.signing_key import SigningKey
from core.domain.randomness import SystemRandomness
from core.store.master_key_file import MasterKeyFile
from core.store.sqlite.store import open_store
from core.wiring import Core
from tests.rpc.road import Road, refused
from tests.serving import DEADLINE, Serving


def back_up(serving: Serving, path: Path | str, *, overwrite: bool = False) -> CreateBackupResponse:
    """Make a backup."""
    return serving.backups.CreateBackup(CreateBackupRequest(path=str(path), overwrite=overwrite), timeout=DEADLINE)


def _put(data: bytes, folder: Path) -> None:
    """Make the bytes the database in the folder."""
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "tokenhouse.db").touch(0o600)
    (folder / "tokenhouse.db").write_bytes(data)


def _private_parts(key: SigningKey, master_keys: MasterKeys) -> list[bytes]:
    """The private half of a key as it was wrapped, and its number alone (RFC 7518 §6.2.2.1)."""
    der = master_keys.find_sealed(b"signing key", key.wrapped_private_key, key.key_id.encode())
    assert der is not None
    private_key = load_der_private_key(der, password=None)
    assert isinstance(private_key, ec.EllipticCurvePrivateKey)
    return [der, private_key.private_numbers().private_value.to_bytes(32)]


def _in_every_form(secret: bytes) -> list[bytes]:
    encoded = [base64.b64encode(secret), base64.urlsafe_b64encode(secret)]
    return [secret, secret.hex().encode(), *(text.rstrip(b"=") for text in encoded)]


def test_no_secret_is_in_a_backup(road: Road, tmp_path: Path) -> None:
    """No private key, no master key and no token, in whatever form: a copy of the database alone mints nothing."""
    serving = road.serving
    tokens, code = road.connect(), road.code()
    back_up(serving, tmp_path / "backup")
    data = (tmp_path / "backup").read_bytes()
    assert road.client_id.encode() in data
    for text in (tokens.refresh_token, tokens.access_token, code, road.session_token):
        assert text.encode() not in data

    randomness = SystemRandomness()
    masters = MasterKeyFile(serving.config.keys.master_key_file).load(randomness, may_create=False)
    _put(data, tmp_path / "opened")
    store = open_store(tmp_path / "opened", on_commit=lambda changes: None)
    keys = store.list_signing_keys(now=0)
    store.close()
    assert keys
    secrets = [part for key in keys for part in _private_parts(key, MasterKeys(masters, randomness))]
    for secret in (*secrets, *masters.values()):
        for form in _in_every_form(secret):
            assert form not in data


def test_with_another_master_key_it_issues_nothing(road: Road, tmp_path: Path) -> None:
    """Whoever steals the backup and brings a key of their own gets a refusal, in one line that says why."""
    back_up(road.serving, tmp_path / "backup")
    thief = Serving(tmp_path / "thief")
    (tmp_path / "thief").mkdir()
    thief.start()
    thief.stop()
    _put((tmp_path / "backup").read_bytes(), thief.config.database_folder)
    with pytest.raises(FailedPrecondition, match="the master key does not open the signing keys of this database"):
        Core(thief.config)


def test_a_backup_says_what_is_in_it(road: Road, tmp_path: Path) -> None:
    """Its size and its revision, which goes on with each revocation."""
    serving = road.serving
    road.connect()
    first = back_up(serving, tmp_path / "first")
    assert first.size == (tmp_path / "first").stat().st_size
    listed = serving.grants.ListGrants(ListGrantsRequest(username=road.username, page_size=1), timeout=DEADLINE)
    serving.grants.RevokeGrant(RevokeGrantRequest(grant_id=listed.grants[0].grant_id), timeout=DEADLINE)
    assert back_up(serving, tmp_path / "first", overwrite=True).revision == first.revision + 1


def test_what_is_there_stays(serving: Serving, tmp_path: Path) -> None:
    """backup_admin.proto: ALREADY_EXISTS; with overwrite, FAILED_PRECONDITION where it is no backup."""
    path = tmp_path / "precious"
    path.write_bytes(b"precious")
    request = CreateBackupRequest(path=str(path))
    assert refused(serving.backups.CreateBackup, request).code is grpc.StatusCode.ALREADY_EXISTS
    request.overwrite = True
    assert refused(serving.backups.CreateBackup, request).code is grpc.StatusCode.FAILED_PRECONDITION
    assert path.read_bytes() == b"precious"


@pytest.mark.parametrize("path", ["", "backup", "./backup", "/", "/srv/..", "/srv/\0backup"])
def test_a_path_that_is_none(serving: Serving, path: str) -> None:
    """backup_admin.proto: INVALID_ARGUMENT; the core does not guess where its caller stands."""
    refusal = refused(serving.backups.CreateBackup, CreateBackupRequest(path=path))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT")
    assert refusal.description == "path must name a file, beginning with /"
