"""The master key's file and value: refused with one line where it cannot be trusted."""

import os
from pathlib import Path

import pytest

from core.domain.keys.master_key import MasterKeys
from core.domain.randomness import SystemRandomness
from core.store.master_key_file import MasterKeyFile, MasterKeyRefused

RANDOMNESS = SystemRandomness()


def _refused(path: Path) -> str:
    with pytest.raises(MasterKeyRefused) as caught:
        MasterKeyFile(path).load(RANDOMNESS, may_create=False)
    line = str(caught.value)
    assert "\n" not in line
    assert str(path) in line
    return line


def _made(folder: Path) -> Path:
    path = folder / "keys" / "master.key"
    MasterKeyFile(path).load(RANDOMNESS, may_create=True)
    return path


def test_the_first_start_makes_a_private_file(tmp_path: Path) -> None:
    """0600 in a folder of 0700, and the same key again at the next start."""
    path = _made(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    keys = MasterKeyFile(path).load(RANDOMNESS, may_create=False)
    assert list(keys) == [1]
    assert len(keys[1]) == 32
    assert MasterKeyFile(path).load(RANDOMNESS, may_create=True) == keys


def test_a_missing_key_of_a_database_is_refused(tmp_path: Path) -> None:
    """A new key in the place of a lost one would end every session without a word."""
    assert "restore" in _refused(tmp_path / "master.key")
    assert not (tmp_path / "master.key").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o666, 0o601, 0o610])
def test_a_file_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    """Any bit for group or others."""
    path = _made(tmp_path)
    path.chmod(mode)
    assert f"chmod 600 {path}" in _refused(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a file away takes root")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    """Whoever owns it can read it."""
    path = _made(tmp_path)
    os.chown(path, 12345, 12345)
    assert "another user" in _refused(path)


GOOD = "A" * 43 + "="


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "1\n",
        f"0 {GOOD}\n",
        f"256 {GOOD}\n",
        f"-1 {GOOD}\n",
        f"x {GOOD}\n",
        f"1 {GOOD[:-5]}\n",
        f"1 {GOOD}{GOOD}\n",
        f"1 {GOOD}\n2 short\n",
        f"1 {GOOD}\n1 {GOOD}\n",
        f"1 {GOOD[:20]}!{GOOD[20:]}\n",
        "\u00e9\u00e9\n",
        "-----BEGIN PRIVATE KEY-----\n",
    ],
)
def test_what_is_no_key_file_is_refused(tmp_path: Path, text: str) -> None:
    """A damaged file is said to be one, not taken for an empty one."""
    path = _made(tmp_path)
    path.write_text(text)
    assert "restore" in _refused(path)


def test_a_key_added_is_kept_with_the_others(tmp_path: Path) -> None:
    """Rotation: the old keys still verify, so they stay in the file."""
    path = _made(tmp_path)
    first = MasterKeyFile(path).load(RANDOMNESS, may_create=False)[1]
    MasterKeyFile(path).append(2, b"2" * 32)
    assert MasterKeyFile(path).load(RANDOMNESS, may_create=False) == {1: first, 2: b"2" * 32}
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["master.key"]


@pytest.mark.parametrize("keys", [{}, {0: b"x" * 32}, {256: b"x" * 32}, {1: b"x" * 31}, {1: b"x" * 32, 2: b""}])
def test_only_32_bytes_under_1_to_255_are_a_master_key(keys: dict[int, bytes]) -> None:
    """One byte of every token says which key it was made with."""
    with pytest.raises(ValueError):
        MasterKeys(keys, RANDOMNESS)


@pytest.mark.parametrize(("number", "key"), [(1, b"x" * 32), (0, b"x" * 32), (256, b"x" * 32), (2, b"x")])
def test_a_new_key_has_the_next_number(number: int, key: bytes) -> None:
    """Numbers only grow: a token never verifies under another key than its own."""
    with pytest.raises(ValueError):
        MasterKeys({1: b"1" * 32}, RANDOMNESS).add(number, key)


def test_keys_show_nothing(tmp_path: Path) -> None:
    """Secrets never in a repr."""
    assert repr(MasterKeys({3: b"k" * 32}, RANDOMNESS)) == "MasterKeys(current=3)"


def test_what_is_sealed_opens_for_its_purpose_and_context_alone() -> None:
    """AES-256-GCM with a key for each purpose (RFC 5869): a cut, a flip, another purpose or context open nothing."""
    keys = MasterKeys({1: b"1" * 32}, RANDOMNESS)
    sealed = keys.seal(b"purpose", b"text", b"context")
    assert keys.find_sealed(b"purpose", sealed, b"context") == b"text"
    assert keys.find_sealed(b"other", sealed, b"context") is None
    assert keys.find_sealed(b"purpose", sealed, b"other") is None
    for place in range(len(sealed)):
        flipped = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        assert keys.find_sealed(b"purpose", flipped, b"context") is None
        assert keys.find_sealed(b"purpose", sealed[:place], b"context") is None


@pytest.mark.parametrize("name", ["folder", "file/below", "/proc/tokenhouse/key"])
def test_a_path_that_cannot_be_a_file_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    """The setting and the path are named, whatever the system says."""
    (tmp_path / "folder").mkdir(mode=0o700)
    (tmp_path / "file").write_text("")
    with pytest.raises(MasterKeyRefused, match=r"^Keys\.MasterKeyFile: [^\n]*$"):
        MasterKeyFile(tmp_path / name).load(RANDOMNESS, may_create=True)
