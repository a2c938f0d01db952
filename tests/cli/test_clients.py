"""`tokenhouse clients`."""

from tests.cli.command import Operator
from tests.facade.pair import Pair
from tests.facade.road import REDIRECT_URI, Visit, register


def test_show(operator: Operator, pair: Pair) -> None:
    """A registered client is shown with its metadata, loopback ports left out."""
    client_id = register(pair, name="Shown")

    shown = operator("clients", "show", client_id, "--json").json
    table = operator("clients", "show", client_id).stdout

    assert (shown["client_name"], shown["blocked"]) == ("Shown", False)
    assert shown["redirect_uris"] == [REDIRECT_URI.replace(":7777", "")]
    assert shown["metadata"]["client_name"] == "Shown"
    assert client_id in table
    assert "Last used" in table


def test_delete(operator: Operator, visit: Visit) -> None:
    """Deleting a client ends its grants and says how many."""
    visit.code()

    deleted = operator("clients", "delete", visit.client_id, "--json").json

    assert deleted == {"revoked_grants": 1}
    assert operator("clients", "show", visit.client_id).status == 1
    assert visit.client_id not in {client["client_id"] for client in operator("clients", "list", "--json").json}


def test_block_and_unblock(operator: Operator, visit: Visit) -> None:
    """A blocked client is shown as blocked until it is unblocked; its grants stay ended."""
    visit.code()

    blocked = operator("clients", "block", visit.client_id)
    shown = operator("clients", "show", visit.client_id, "--json").json
    operator("clients", "unblock", visit.client_id)

    assert blocked.stdout == f"{visit.client_id} is blocked; 1 grant ended.\n"
    assert shown["blocked"] is True
    assert operator("clients", "show", visit.client_id, "--json").json["blocked"] is False
    assert operator("grants", "list", "--client", visit.client_id, "--json").json == []


def test_unblock_as_json(operator: Operator, pair: Pair) -> None:
    """Unblocking speaks JSON as every verb on clients does (README, For operators)."""
    client_id = register(pair, name="Unblocked")
    operator("clients", "block", client_id)

    assert operator("clients", "unblock", client_id, "--json").json == {}


def test_unknown_client(operator: Operator) -> None:
    """A client that there is not is a refusal: exit status 1 and one line."""
    for verb in ("show", "delete", "block", "unblock"):
        answered = operator("clients", verb, "no-such-client")
        assert answered.status == 1, verb
        assert answered.stderr.count("\n") == 1
