"""The README tells every setting as it is, and what it says to paste does what it says."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import ProxyHandler, build_opener

import pytest

from core.config.load import load_config
from core.config.setting import Setting
from core.config.settings import SECTIONS, SETTINGS
from tests.repository.checkout import ROOT, text_of

README = text_of(ROOT / "README.md")


def _row(setting: Setting[Any]) -> str:
    marks = "".join([" ↻" if setting.reloadable else "", " …" if setting.repeatable else ""])
    default = setting.default_words or ", ".join(f"`{text}`" for text in setting.default)
    told = f"{setting.comment}; {setting.allowed}" if setting.allowed else setting.comment
    return f"| `{setting.key}`{marks} | {default} | {told} |"


def _section(name: str) -> str:
    """The part of the README that begins with the section's name."""
    return README.partition(f"**`[{name}]`**")[2].partition("**`[")[0].partition("\n## ")[0]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_setting(setting: Setting[Any]) -> None:
    """Each setting stands under its section: its default, comment and bounds, ↻ if it reloads and … if it repeats."""
    assert _row(setting) in _section(setting.section)


def test_no_other_settings() -> None:
    """The README tells of no setting that there is not."""
    told = {
        (section, key) for section in SECTIONS for key in re.findall(r"^\| `(\w+)`", _section(section), re.MULTILINE)
    }

    assert told == {(setting.section, setting.key) for setting in SETTINGS}


def test_sample_configuration(tmp_path: Path) -> None:
    """The README's own tokenhouse.conf can be used as it stands, and so can what is added for services, sign-in and
    pages."""
    services, sign_in, https, pages, sample = re.findall(r"^```ini\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    (tmp_path / "tokenhouse.conf").write_text(sample, encoding="utf-8")

    config = load_config(tmp_path / "tokenhouse.conf", {})

    assert config.server.address == "https://auth.example.com"
    assert [scope.name for scope in config.oauth.scopes] == ["mcp", "reports"]
    (tmp_path / "tokenhouse.conf").write_text(sample + services + sign_in + pages, encoding="utf-8")
    config = load_config(tmp_path / "tokenhouse.conf", {})
    assert len(config.grpc.callers) == 2
    assert config.pages.name == "Acme"
    assert [provider.name for provider in config.upstream.providers] == ["company"]
    (tmp_path / "tokenhouse.conf").write_text(https, encoding="utf-8")
    assert load_config(tmp_path / "tokenhouse.conf", {}).server.certificate is not None


@pytest.mark.parametrize(
    ("answer", "printed", "complaint"),
    [("code=c0de&state=s", "c0de\n", ""), ("error=access_denied", "", "no code: access_denied\n")],
)
def test_listener_by_hand(answer: str, printed: str, complaint: str) -> None:
    """The listener of the road by hand prints the code, or ends with one line where the user denies."""
    program = README.partition("<<'EOF'\n")[2].partition("\nEOF\n")[0]
    command = [sys.executable, "-c", program, "client", "verifier"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as listener:
        assert listener.stderr is not None
        url = listener.stderr.readline().removeprefix("open ").strip()
        (callback,) = parse_qs(urlsplit(url).query)["redirect_uri"]
        build_opener(ProxyHandler({})).open(f"{callback}?{answer}").close()
        output, errors = listener.communicate()

    assert (output, errors) == (printed, complaint)
    assert listener.returncode == (1 if complaint else 0)
