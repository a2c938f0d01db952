"""`tokenhouse config`, and `--config` wherever it stands."""

import re
from pathlib import Path

import pytest

from core.config.settings import SETTINGS
from tests.cli.command import call_here

KEY = "A" * 43


def test_show(tmp_path: Path) -> None:
    """Every setting is shown with its value and where that came from; secrets stay hidden (README, For operators)."""
    (tmp_path / "tokenhouse.conf").write_text("[OAuth]\nScope = a: A\nScope = b: B\n", encoding="utf-8")
    environment = {"TOKENHOUSE_KEYS_MASTERKEY": KEY, "TOKENHOUSE_SERVER_LISTEN": "127.0.0.1:1"}

    table = call_here("config", "show", folder=tmp_path, environment=environment)
    shown = {
        row["setting"]: row
        for row in call_here("config", "show", "--json", folder=tmp_path, environment=environment).json
    }

    assert list(shown) == [setting.name for setting in SETTINGS]
    assert shown["OAuth.Scope"]["values"] == ["a: A", "b: B"]
    assert shown["OAuth.Scope"]["from"] == ["tokenhouse.conf:2", "tokenhouse.conf:3"]
    assert shown["Server.Listen"] == {
        "setting": "Server.Listen",
        "value": "127.0.0.1:1",
        "from": "TOKENHOUSE_SERVER_LISTEN",
    }
    assert shown["Server.Address"]["from"] == "default"
    assert shown["Keys.MasterKey"]["value"] == "(hidden)"
    assert KEY not in table.stdout
    assert all(setting.name in table.stdout for setting in SETTINGS)


def test_show_what_the_environment_emptied(tmp_path: Path) -> None:
    """A setting that an empty variable emptied is shown as none, with the variable that did it (README)."""
    shown = call_here("config", "show", folder=tmp_path, environment={"TOKENHOUSE_SERVER_TRUSTEDPROXY": ""})

    assert (shown.status, shown.stderr) == (0, "")
    assert re.search(r"^Server\.TrustedProxy +\(none\) +TOKENHOUSE_SERVER_TRUSTEDPROXY$", shown.stdout, re.MULTILINE)


def test_check(tmp_path: Path) -> None:
    """A good configuration is exit status 0, a bad one 1 and one line on stderr (README, For operators)."""
    file = tmp_path / "good.conf"
    file.write_text("[Server]\nListen = 127.0.0.1:1\n", encoding="utf-8")
    good = call_here("config", "check", "--config", str(file))
    scripted = call_here("config", "check", "--json", "--config", str(file))
    file.write_text("[Server]\nListen = nowhere\n", encoding="utf-8")
    bad = call_here("config", "check", "--config", str(file))

    assert (good.status, good.stdout) == (0, f"{file}: good\n")
    assert scripted.json == {"good": True, "file": str(file)}
    assert (bad.status, bad.stdout) == (1, "")
    assert bad.stderr.startswith(f"tokenhouse: {file}:2: Server.Listen: allowed is HOST:PORT")
    assert bad.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "verb", [["users", "list"], ["clients", "list"], ["grants", "list"], ["keys", "list"], ["config", "show"]]
)
def test_bad_configuration(tmp_path: Path, verb: list[str]) -> None:
    """A configuration that cannot be used is exit status 1 for every verb: 2 is for what was called wrongly."""
    refused = call_here(*verb, folder=tmp_path, environment={"TOKENHOUSE_SERVER_ADDRESS": "http://example.com"})

    assert refused.status == 1
    assert refused.stderr.startswith("tokenhouse: TOKENHOUSE_SERVER_ADDRESS: Server.Address: allowed is")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--config", "a.conf", "config", "show", "--json"],
        ["config", "--config", "a.conf", "show", "--json"],
        ["config", "show", "--json", "--config", "a.conf"],
        ["--config", "b.conf", "config", "show", "--json", "--config", "a.conf"],
    ],
)
def test_config_anywhere(tmp_path: Path, arguments: list[str]) -> None:
    """--config may stand before and after every word, and the last one counts."""
    (tmp_path / "a.conf").write_text("[Server]\nListen = 127.0.0.1:11\n", encoding="utf-8")
    (tmp_path / "b.conf").write_text("[Server]\nListen = 127.0.0.1:22\n", encoding="utf-8")

    shown = {row["setting"]: row for row in call_here(*arguments, folder=tmp_path).json}

    assert shown["Server.Listen"]["value"] == "127.0.0.1:11"
