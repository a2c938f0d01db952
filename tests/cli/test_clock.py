"""`tokenhouse clock`, where all is well; tests/faults/test_clock_jumps.py has what is not."""

from datetime import UTC, datetime

from tests.cli.command import Operator


def test_show(operator: Operator) -> None:
    """The time that is served, and that the machine agrees."""
    shown = operator("clock", "show").stdout
    told = operator("clock", "show", "--json").json

    assert "in step" in shown
    assert abs(told["now"] - datetime.now(UTC).timestamp()) < 30
    assert (told["drifting"], told["held_back"], told["unconfirmed"]) == (False, False, False)


def test_confirm(operator: Operator) -> None:
    """Where there is no doubt nothing changes, and a wrong date is refused in one line."""
    today = datetime.now(UTC).date().isoformat()

    assert operator("clock", "confirm", today).stdout == "The clock was not in doubt; nothing changed.\n"
    assert operator("clock", "confirm", today, "--json").json == {"confirmed": False}
    refused = operator("clock", "confirm", "2001-01-01")
    assert refused.status == 1
    assert refused.stderr.startswith("tokenhouse: this server's date is 20")
    assert refused.stderr.count("\n") == 1
