"""README, An operator's first day: what it says to type does what it says, in that order."""

import re
import shlex
from urllib.parse import parse_qs, urlsplit

from tests.cli.command import Operator
from tests.facade.pair import Pair
from tests.facade.road import Visit, register
from tests.repository.checkout import ROOT, text_of

_PASSWORD = "correct horse battery"


def _commands() -> list[list[str]]:
    """Every `tokenhouse …` of the section, without its comment."""
    section = text_of(ROOT / "README.md").partition("### An operator's first day\n")[2].partition("\n### ")[0]
    blocks = re.findall(r"^```sh\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("tokenhouse ")]
    return [shlex.split(line, comments=True)[1:] for line in lines]


def _connect(visit: Visit) -> str:
    """Ada's refresh token."""
    page = visit.browser.get(visit.log_in(visit.start(), _PASSWORD, "ada").headers["location"])
    answer = visit.send(page, "/consent", decision="allow")
    (code,) = parse_qs(urlsplit(answer.headers["location"]).query)["code"]
    return str(visit.redeem(code).json()["refresh_token"])


def _is_cut_off(pair: Pair, client_id: str, refresh_token: str) -> bool:
    form = {"grant_type": "refresh_token", "client_id": client_id, "refresh_token": refresh_token}
    answer = pair.client.post(pair.url("/oauth/v1/token"), data=form)
    return (answer.status_code, answer.json().get("error")) == (400, "invalid_grant")


def test_an_operators_first_day(pair: Pair, operator: Operator) -> None:
    """From a user who connects a tool to "who is connected, and cut this one off": the refresh token is refused the
    moment after, and the audit trail says who did it."""
    client_id, refresh_token = register(pair, name="Ada's tool"), ""
    known = {"CLIENT": client_id, "/var/lib/tokenhouse/nightly.backup": str(pair.folder / "nightly.backup")}
    passwords = {"passwd": pair.password, "add": _PASSWORD}
    told: dict[str, str] = {}
    for words in _commands():
        stdin = passwords.get(words[1], "") if words[0] == "users" else ""
        arguments = [known.get(word, word) for word in words] + ["--password-stdin"] * bool(stdin)
        called = operator(*arguments, stdin=f"{stdin}\n")
        assert called.status == 0, (words, called.stdout, called.stderr)
        told[" ".join(words[:2])] = called.stdout
        if words[:2] == ["users", "add"]:
            refresh_token = _connect(Visit(pair, client_id))
            (grant,) = operator("grants", "list", "--user", "ada", "--json").json
            known["GRANT"] = grant["grant_id"]
        elif words[:2] == ["grants", "revoke"]:
            assert _is_cut_off(pair, client_id, refresh_token)

    assert "All is well." in told["doctor"]
    assert "Ada's tool" in told["grants list"]
    assert "Ada's tool" in told["grants show"]
    done = re.findall(r"(\w+) +succeeded(?: \([^)]*\))? +(operator|user) ", told["audit search"])
    assert done[::-1] == [
        ("user_create", "operator"),
        ("login", "user"),
        ("consent", "user"),
        ("grant_revoke", "operator"),
        ("user_disable", "operator"),
    ]
