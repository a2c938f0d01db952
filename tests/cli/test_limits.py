"""`tokenhouse limits`."""

import secrets

from tests.cli.command import Operator
from tests.facade.pair import Pair
from tests.facade.road import Visit


def _guess(visit: Visit, username: str) -> None:
    """A wrong password in a browser."""
    assert "password is wrong" in visit.log_in(visit.start(), "wrong password", username).text


def test_list_and_clear(operator: Operator, pair: Pair, visit: Visit) -> None:
    """Whose tries are spent is seen and given back, by name, and is told in the audit trail; for people and scripts."""
    name = f"guessed-{secrets.token_hex(4)}"
    operator.add_user(name)
    _guess(visit, name)

    limits = operator("limits", "list", "--user", name, "--json").json
    table = operator("limits", "list", "--user", name).stdout

    assert {(each["kind"], each["account"], each["count"] - each["left"]) for each in limits} == {
        ("login account", name, 1)
    }
    assert {each["network"] for each in limits} == {"", "127.0.0.1"}
    assert name in table
    assert "9 of 10" in table
    assert operator("limits", "list", "--user", name, "--used-up").stdout == "All tries are there.\n"

    assert operator("limits", "clear", limits[0]["limit_id"], "--json").json == {"cleared": 1}
    assert operator("limits", "clear", "--user", name).stdout == "All tries of 1 count are back.\n"
    assert operator("limits", "list", "--user", name, "--json").json == []
    assert operator("audit", "search", "--act", "limit_clear", "--user", name, "--json").stdout.count("\n") == 1


def test_nothing_named(operator: Operator) -> None:
    """Whoever names nothing gives nobody anything back; a user that there is not is said."""
    assert operator("limits", "clear").status == 2
    assert "there is no user nobody-here" in operator("limits", "clear", "--user", "nobody-here").stderr
    assert operator("limits", "clear", "00" * 16).status == 1
