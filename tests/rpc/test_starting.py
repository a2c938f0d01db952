"""Starting on what is in the folder: a core that cannot answer for it says so in one line and serves nothing."""

import os
import shutil
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from tokenhouse.v1 import user_admin_pb2

from core.config.load import load_config
from core.domain.errors import FailedPrecondition
from core.store.master_key_file import MasterKeyRefused
from core.store.refusal import StoreRefused
from core.wiring import Core
from tests.patience import PATIENCE
from tests.rpc.road import Road
from tests.serving import Serving


def _lose_the_key(data: Path) -> None:
    (data / "master.key").unlink()


def _open_the_key(data: Path) -> None:
    (data / "master.key").chmod(0o644)


def _replace_the_key(data: Path) -> None:
    (data / "master.key").write_text(f"1 {urlsafe_b64encode(os.urandom(32)).decode()}\n")


def _damage_the_key(data: Path) -> None:
    (data / "master.key").write_text("garbage\n")


def _open_the_database(data: Path) -> None:
    for file in (data / "database").iterdir():
        file.chmod(0o644)


def _damage_the_database(data: Path) -> None:
    for file in (data / "database").glob("*.db*"):
        file.write_bytes(b"garbage" * 1000)


REFUSALS: list[tuple[Callable[[Path], None], type[Exception], str]] = [
    (_lose_the_key, MasterKeyRefused, "restore"),
    (_open_the_key, MasterKeyRefused, "chmod 600"),
    (_replace_the_key, FailedPrecondition, "master key does not open"),
    (_damage_the_key, MasterKeyRefused, "not a master key file"),
    (_open_the_database, StoreRefused, ""),
    (_damage_the_database, StoreRefused, ""),
]


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a core that has served and stopped."""
    folder = tmp_path_factory.mktemp("used")
    with Serving(folder) as serving:
        road = Road(serving)
        road.begin()
        road.connect()
    return folder


def _copy(used: Path, folder: Path) -> Path:
    copied = folder / "copied"
    shutil.copytree(used, copied)
    return copied


@pytest.mark.parametrize(("harm", "refusal", "words"), REFUSALS, ids=lambda value: getattr(value, "__name__", ""))
def test_what_cannot_be_trusted_is_refused_in_one_line(
    used: Path, tmp_path: Path, harm: Callable[[Path], None], refusal: type[Exception], words: str
) -> None:
    """One clear line, and nothing is made anew or repaired in silence."""
    copied = _copy(used, tmp_path)
    harm(copied / "data")
    before = {file: file.read_bytes() for file in copied.rglob("*") if file.is_file() and "-shm" not in file.name}
    with pytest.raises(refusal) as caught:
        Core(load_config(copied / "tokenhouse.conf", {}))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    for file, content in before.items():
        assert "lock" in file.name or file.read_bytes() == content, file


def test_an_untouched_copy_starts(used: Path, tmp_path: Path) -> None:
    """The refusals above come from the harm, not from copying."""
    core = Core(load_config(_copy(used, tmp_path) / "tokenhouse.conf", {}))
    core.stop()


def test_a_database_copy_alone_mints_nothing(used: Path, tmp_path: Path) -> None:
    """README, Grants: with a master key of one's own the copied database opens no signing key and no grant."""
    key = urlsafe_b64encode(os.urandom(32)).decode()
    config = load_config(_copy(used, tmp_path) / "tokenhouse.conf", {"TOKENHOUSE_KEYS_MASTERKEY": key})
    assert config.keys.master_key is not None
    with pytest.raises(FailedPrecondition):
        Core(config)


def test_two_cores_never_share_a_folder(used: Path, tmp_path: Path) -> None:
    """One writer. The second one is refused, and the first one goes on."""
    copied = _copy(used, tmp_path)
    with Serving(copied) as serving:
        with pytest.raises(StoreRefused):
            Core(load_config(copied / "tokenhouse.conf", {}))
        Road(serving).begin()


def test_the_first_user_is_made_once(tmp_path: Path) -> None:
    """A generated password, told once; never again, not even when that user is deleted."""
    with Serving(tmp_path) as serving:
        first = serving.core.create_first_user()
        assert first is not None
        road = Road(serving)
        road.begin()
        road.username, password = first
        form = road.login_request(password=password)
        assert serving.sessions.LogIn(form, timeout=PATIENCE).session_token
        assert serving.core.create_first_user() is None
        serving.users.DeleteUser(user_admin_pb2.DeleteUserRequest(username=first[0]), timeout=PATIENCE)
        assert serving.core.create_first_user() is None
        serving.restart()
        assert serving.core.create_first_user() is None
