"""`tokenhouse keys`."""

from typing import Any

import grpc

from tests.cli.command import Operator
from tests.facade.pair import Pair
from tests.rpc.watching import watching


def _listed(operator: Operator) -> dict[str, dict[str, Any]]:
    return {key["key_id"]: key for key in operator("keys", "list", "--json").json}


def _signing(operator: Operator) -> str:
    [key_id] = [key_id for key_id, key in _listed(operator).items() if key["state"] == "signing"]
    return key_id


def test_rotate(operator: Operator, pair: Pair) -> None:
    """A new key is published and signs later; with --now it signs, and the old one verifies until it leaves."""
    before = _signing(operator)

    made = operator("keys", "rotate", "--json").json
    told = operator("keys", "rotate").stdout

    assert (made["state"], _signing(operator)) == ("published", before)
    assert told.startswith(f"Signing key {made['key_id']} is published. It signs as soon as every connected verifier")
    assert made["signs_by"] > made["created_at"]
    assert "signs by" in operator("keys", "list").stdout

    assert operator("keys", "rotate", "--now").stdout == f"Signing key {made['key_id']} is in use.\n"

    keys = _listed(operator)
    assert (keys[made["key_id"]]["state"], keys[before]["state"]) == ("signing", "retired")
    assert keys[before]["verifies_until"] > keys[before]["state_since"]
    assert "verifies_until" not in keys[made["key_id"]]
    assert "The next key is published on " in operator("keys", "list").stdout
    assert operator("keys", "rotate", "--now", "--master").status == 2


def test_withdraw(operator: Operator, pair: Pair) -> None:
    """The key is trusted no more, and another one signs; a key that is unknown is refused."""
    before = _signing(operator)

    told = operator("keys", "withdraw", before).stdout

    assert _signing(operator) != before
    assert _listed(operator)[before]["state"] == "withdrawn"
    assert told == (
        f"Signing key {before} is withdrawn; every token that it signed has ended.\n"
        f"Signing key {_signing(operator)} is in use.\n"
    )
    for unknown in (before, "unknown"):
        refused = operator("keys", "withdraw", unknown)
        assert (refused.status, "no signing key that is trusted" in refused.stderr) == (1, True)
    made = operator("keys", "rotate", "--json").json["key_id"]
    assert operator("keys", "withdraw", made, "--json").json["successor"]["state"] == "published"


def test_verifiers_that_are_waited_for_are_named(operator: Operator, pair: Pair) -> None:
    """Each in a line of the listing, by its end of the connection."""
    operator("keys", "rotate")
    with grpc.insecure_channel(f"127.0.0.1:{pair.grpc_port}") as channel, watching(channel):
        [waiting] = [key for key in _listed(operator).values() if key["state"] == "published"]
        [laggard] = waiting["laggards"]
        assert laggard["address"] in operator("keys", "list").stdout


def test_rotate_master(operator: Operator, pair: Pair) -> None:
    """A new master key has the next number, and its file is no secret spoken aloud."""
    first = operator("keys", "rotate", "--master", "--json").json
    second = operator("keys", "rotate", "--master")

    number = first["master_key_id"] + 1
    assert second.stdout == f"Master key {number} is in use. Back up its file.\n"
    assert (pair.folder / "data" / "master.key").stat().st_mode & 0o777 == 0o600
