"""deploy/systemd: the units fit the program, and systemd takes them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from core.cli import supervisor
from core.config.errors import EXIT_CONFIG
from core.config.load import load_config
from tests.patience import PATIENCE
from tests.repository.checkout import ROOT

_FOLDER = ROOT / "deploy" / "systemd"
_ANALYZE = shutil.which("systemd-analyze")


def _read(name: str) -> dict[str, str]:
    """What a unit says, the last of each."""
    lines = (_FOLDER / name).read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def test_the_units_fit_the_program(tmp_path: Path) -> None:
    """README, As a service of systemd: the default address, the exit status of a refusal, and time enough to stop."""
    (tmp_path / "tokenhouse.conf").write_text("")
    config = load_config(tmp_path / "tokenhouse.conf", {})
    service = _read("tokenhouse.service")
    assert _read("tokenhouse.socket")["ListenStream"] == str(config.server.listen)
    assert service["RestartPreventExitStatus"] == str(EXIT_CONFIG)
    assert int(service["TimeoutStopSec"]) > supervisor._PATIENCE
    assert service["ExecStart"].endswith("/bin/tokenhouse serve --config /etc/tokenhouse/tokenhouse.conf")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"DataDir = /var/lib/{service['StateDirectory']}" in readme
    assert f"useradd --system --home-dir /var/lib/{service['StateDirectory']} " in readme


@pytest.mark.skipif(_ANALYZE is None, reason="needs systemd-analyze")
def test_systemd_takes_them(tmp_path: Path) -> None:
    """Every line is understood, and little is left that the service could do to the machine."""
    program = tmp_path / "tokenhouse"
    program.touch(0o755)
    for name in ("tokenhouse.socket", "tokenhouse.service"):
        text = (_FOLDER / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("/opt/tokenhouse/.venv/bin/tokenhouse", str(program)))
    units = [str(tmp_path / "tokenhouse.service"), str(tmp_path / "tokenhouse.socket")]
    verified = _analyze("verify", "--man=no", *units)
    assert [line for line in verified.stderr.splitlines() if str(tmp_path) in line] == []
    judged = _analyze("security", "--offline=true", "--threshold=20", units[0])
    assert judged.returncode == 0, judged.stdout


def _analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    assert _ANALYZE is not None
    command = [_ANALYZE, "--no-pager", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
