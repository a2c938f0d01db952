"""`tokenhouse keys`."""

from tests.cli.command import Operator
from tests.facade.pair import Pair


def test_rotate(operator: Operator, pair: Pair) -> None:
    """A new key signs, the old one stays published until it retires, and both are in the JWK Set (RFC 7517 §5)."""
    (before,) = [key for key in operator("keys", "list", "--json").json if key["state"] == "signing"]

    made = operator("keys", "rotate", "--json").json

    keys = {key["key_id"]: key for key in operator("keys", "list", "--json").json}
    assert made["key_id"] != before["key_id"]
    assert (keys[made["key_id"]]["state"], keys[before["key_id"]]["state"]) == ("signing", "published")
    assert keys[before["key_id"]]["retires_at"] > keys[before["key_id"]]["created_at"]
    assert "retires_at" not in keys[made["key_id"]]
    assert made["key_id"] in operator("keys", "list").stdout


def test_rotate_master(operator: Operator, pair: Pair) -> None:
    """A new master key has the next number, and its file is no secret spoken aloud."""
    first = operator("keys", "rotate", "--master", "--json").json
    second = operator("keys", "rotate", "--master")

    number = first["master_key_id"] + 1
    assert second.stdout == f"Master key {number} is in use. Back up its file.\n"
    assert (pair.folder / "data" / "master.key").stat().st_mode & 0o777 == 0o600
