"""`tokenhouse grants`."""

import re

from tests.cli.command import Operator
from tests.facade.road import Visit


def test_list(operator: Operator, visit: Visit) -> None:
    """Who connected what is listed by user and by client, in both forms."""
    visit.code()

    (by_client,) = operator("grants", "list", "--client", visit.client_id, "--json").json
    by_user = operator("grants", "list", "--user", "ADMIN", "--json").json
    table = operator("grants", "list", "--client", visit.client_id).stdout

    assert (by_client["username"], by_client["state"]) == ("admin", "pending")
    assert by_client["grant_id"] in {grant["grant_id"] for grant in by_user}
    assert "revoked_at" not in by_client
    assert by_client["grant_id"] in table
    assert "every service" in table


def test_revoke(operator: Operator, visit: Visit) -> None:
    """A revoked grant leaves the list, stays under --all with the reason, and revoking it again is no error."""
    visit.redeem(visit.code())
    (grant,) = operator("grants", "list", "--client", visit.client_id, "--json").json

    first = operator("grants", "revoke", grant["grant_id"])
    again = operator("grants", "revoke", grant["grant_id"], "--json")

    assert first.stdout == f"{grant['grant_id']} is revoked.\n"
    assert again.json == {"revoked": False}
    assert operator("grants", "list", "--client", visit.client_id, "--json").json == []
    (ended,) = operator("grants", "list", "--client", visit.client_id, "--all", "--json").json
    assert (ended["state"], ended["revoke_reason"]) == ("revoked", "revoked_by_operator")
    assert "revoked (revoked_by_operator)" in operator("grants", "list", "--all").stdout


def test_show(operator: Operator, visit: Visit) -> None:
    """One grant, with how often it was refreshed, and what came of that."""
    refresh_token = visit.redeem(visit.code()).json()["refresh_token"]
    (listed,) = operator("grants", "list", "--client", visit.client_id, "--json").json

    assert operator("grants", "show", listed["grant_id"], "--json").json == listed
    body = {"grant_type": "refresh_token", "client_id": visit.client_id, "refresh_token": refresh_token}
    assert visit.browser.post("/oauth/v1/token", data=body).status_code == 200
    [rotated] = operator("grants", "show", listed["grant_id"], "--json").json["verdicts"]
    assert (rotated["verdict"], rotated["count"]) == ("rotated", 1)
    assert re.search(r"rotated 1, last 20\d\d-", operator("grants", "show", listed["grant_id"]).stdout)
    assert visit.client_id in operator("grants", "show", listed["grant_id"]).stdout


def test_unknown_grant(operator: Operator) -> None:
    """A grant that there is not, and what is no grant id, are refusals: exit status 1."""
    for grant_id in ("0" * 32, "not-an-id"):
        assert operator("grants", "revoke", grant_id).status == 1
        assert operator("grants", "show", grant_id).status == 1


def test_nothing_to_list(operator: Operator) -> None:
    """An empty list says so to people and is an empty array to scripts."""
    assert operator("grants", "list", "--client", "no-such-client").stdout == "There are no such grants.\n"
    assert operator("grants", "list", "--client", "no-such-client", "--json").json == []
