"""`tokenhouse audit`."""

import getpass
import json
import os
import select
import signal
import subprocess
from pathlib import Path
from typing import Any

from tests.cli.command import TOKENHOUSE, Operator, clean_environment
from tests.facade.pair import Pair
from tests.facade.road import Visit
from tests.patience import PATIENCE

_KEYS = {
    "time",
    "number",
    "act",
    "result",
    "reason",
    "actor_kind",
    "actor",
    "actor_name",
    "subject",
    "client_id",
    "target",
    "network",
    "correlation_id",
    "count",
}


def _newest(operator: Operator) -> int:
    (line,) = operator("audit", "tail", "-n", "1", "--json").stdout.splitlines()
    return int(json.loads(line)["number"])


def test_tail_and_search(operator: Operator, visit: Visit) -> None:
    """What a user did in a browser stands there, with who, which client and from where; for people and for scripts."""
    visit.redeem(visit.code())

    lines = operator("audit", "search", "--client", visit.client_id, "--json").stdout.splitlines()
    token, consent, registration = map(json.loads, lines)
    table = operator("audit", "search", "--client", visit.client_id, "--act", "consent").stdout
    last = operator("audit", "tail", "-n", "1", "--client", visit.client_id).stdout
    client_name = operator("clients", "show", visit.client_id, "--json").json["client_name"]

    assert [each["act"] for each in (registration, consent, token)] == ["registration", "consent", "token"]
    assert token.keys() == _KEYS
    assert (consent["actor_kind"], consent["actor_name"], consent["result"]) == ("user", "admin", "succeeded")
    assert consent["target"] == token["target"]
    assert (token["reason"], token["actor"]) == ("redeemed", visit.client_id)
    assert {each["network"] for each in (registration, consent, token)} == {"127.0.0.1"}
    assert all(len(each["correlation_id"]) == 12 for each in (registration, consent, token))
    assert "user admin" in table
    assert "registration" not in table
    assert (
        last
        == f"{token['time']} token succeeded (redeemed) by client {visit.client_id} "
        + " ".join(
            (
                f"client={visit.client_id} ({client_name}, 127.0.0.1)",
                f"user={token['subject']} (admin)",
                f"target={token['target']}",
                "from=127.0.0.1",
                f"id={token['correlation_id']}",
            )
        )
        + "\n"
    )
    assert operator("audit", "search", "--id", consent["correlation_id"], "--json").stdout.splitlines() == [lines[1]]
    assert operator("audit", "search", "--client", "nobody").stdout == "There are no such records.\n"


def test_acts_of_operators_name_them(operator: Operator) -> None:
    """The user whose socket it is, and the name under which the command runs; a refused act, too."""
    operator("users", "disable", "nobody-of-that-name")

    (line,) = operator("audit", "search", "--target", "nobody-of-that-name", "--json").stdout.splitlines()
    record = json.loads(line)

    assert (record["act"], record["result"], record["reason"]) == ("user_disable", "refused", "not_found")
    assert (record["actor_kind"], record["actor"]) == ("operator", f"uid:{os.geteuid()}")
    assert record["actor_name"] == (os.environ.get("SUDO_USER") or getpass.getuser())


def test_export_goes_on_where_it_ended(operator: Operator, tmp_path: Path) -> None:
    """All records, the oldest first, in a file of its owner's alone or on stdout; --after takes the number of the last
    one."""
    before, file = _newest(operator), tmp_path / "audit.jsonl"
    operator("users", "add", "exported", "--password-stdin", stdin="correct horse battery\n")
    operator("users", "disable", "exported")

    everything = operator("audit", "export").stdout.splitlines()
    assert operator("audit", "export", "--after", str(before), "--output", str(file)).status == 0
    assert file.stat().st_mode & 0o777 == 0o600

    later = [json.loads(line) for line in file.read_text(encoding="ascii").splitlines()]
    assert [each["act"] for each in later if each["target"] == "exported"] == ["user_create", "user_disable"]
    numbers = [json.loads(line)["number"] for line in everything]
    assert numbers == sorted(set(numbers))
    assert min(numbers) <= before < later[0]["number"]
    assert operator("audit", "export", "--user", "exported", "--act", "user_disable").stdout.count("\n") == 1


def test_follow(pair: Pair, operator: Operator) -> None:
    """--follow goes on with what comes, over a restart of the core, until Ctrl-C."""
    command = [TOKENHOUSE, "audit", "tail", "-n", "0", "--follow", "--json", "--config", str(pair.folder / "t.conf")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=clean_environment()) as tail:
        first = _line_of_a_refusal(operator, tail)
        pair.kill_core()
        assert tail.stderr is not None
        assert tail.stderr.readline() == "tokenhouse: the core is away; this goes on when it is back\n"
        pair.start_core()
        second = _line_of_a_refusal(operator, tail)
        tail.send_signal(signal.SIGINT)
        tail.communicate(timeout=PATIENCE)
    assert (first["act"], second["act"]) == ("user_disable", "user_disable")
    assert first["number"] < second["number"]


def _line_of_a_refusal(operator: Operator, tail: "subprocess.Popen[str]") -> dict[str, Any]:
    assert tail.stdout is not None
    number = 0
    while not (lines := _next_line(tail.stdout.fileno())):
        number += 1
        operator("users", "disable", f"nobody-{number}")
    line: dict[str, Any] = json.loads(lines.splitlines()[0])
    return line


def _next_line(descriptor: int) -> str:
    """What came within a moment; empty where nothing did."""
    ready, _, _ = select.select([descriptor], [], [], 0.5)
    return os.read(descriptor, 1 << 16).decode() if ready else ""


def test_counts(operator: Operator, visit: Visit) -> None:
    """What is counted alone is shown by the hour."""
    visit.redeem(visit.code())
    lines = [json.loads(line) for line in operator("audit", "counts", "--json").stdout.splitlines()]
    (redeemed,) = [each for each in lines if (each["act"], each["reason"]) == ("token", "redeemed")][-1:]
    assert redeemed["count"] >= 1
    assert "redeemed" in operator("audit", "counts").stdout
    assert operator("audit", "counts", "--since", "2999-01-01").stdout == "Nothing was counted.\n"


def test_a_time_that_is_none_is_refused(operator: Operator) -> None:
    """Wrong usage: exit status 2, and what is allowed."""
    refused = operator("audit", "search", "--since", "yesterday")
    assert refused.status == 2
    assert "90m, 2d, 2031-12-31" in refused.stderr
