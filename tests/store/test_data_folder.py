"""DataDir: this user's alone to write in, and said in one line where it is not."""

from pathlib import Path

import pytest

from core.store.data_folder import require_data_folder
from core.store.refusal import StoreRefused


def test_it_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    """A new one has mode 0700."""
    folder = tmp_path / "a" / "data"
    require_data_folder(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o700, 0o750, 0o755])
def test_others_may_look(tmp_path: Path, mode: int) -> None:
    """What is secret in it has modes of its own."""
    tmp_path.chmod(mode)
    require_data_folder(tmp_path)


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702, 0o1777])
def test_others_may_not_write(tmp_path: Path, mode: int) -> None:
    """Who may write there could put a socket of their own in the core's place."""
    tmp_path.chmod(mode)
    with pytest.raises(StoreRefused, match="chmod 0700"):
        require_data_folder(tmp_path)


@pytest.mark.parametrize("name", ["file", "file/below", "/proc/tokenhouse"])
def test_what_cannot_be_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    """One line names the setting and the folder."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreRefused, match=r"^Server\.DataDir: .* cannot be used: [A-Z][^\n]*$"):
        require_data_folder(tmp_path / name)
