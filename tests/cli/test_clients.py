"""`tokenhouse clients`."""

import json
from pathlib import Path

from tests.assertions import a_key_pair
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


def test_its_users_and_uses(operator: Operator, visit: Visit) -> None:
    """Who uses a client, and since when: users with a live grant, when it registered and when it was last used."""
    before = operator("clients", "show", visit.client_id, "--json").json
    visit.redeem(visit.code())
    shown = operator("clients", "show", visit.client_id, "--json").json
    [listed] = operator("clients", "list", "--containing", visit.client_id[:24].upper(), "--json").json

    assert before["users"] == 0
    assert "last_used_at" not in before
    assert shown["users"] == listed["users"] == 1
    assert shown["last_used_at"] >= shown["created_at"]
    assert "Users" in operator("clients", "show", visit.client_id).stdout


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


def test_add_and_replace_the_secret(operator: Operator) -> None:
    """A secret is shown once, when it is made; `show` tells ids and times, and the old one goes when the new one is
    in use."""
    added = operator("clients", "add", "portal", "--redirect-uri", "https://portal.example.com/callback", "--json").json
    more = operator("clients", "add-secret", "portal", "--json").json
    shown = operator("clients", "show", "portal", "--json").json
    table = operator("clients", "show", "portal").stdout
    first = next(secret["secret_id"] for secret in shown["secrets"] if secret["secret_id"] != more["secret_id"])
    removed = operator("clients", "remove-secret", "portal", first)

    assert shown == added["client"] | {"secrets": shown["secrets"]}
    assert {secret["secret_id"] for secret in shown["secrets"]} == {first, more["secret_id"]}
    assert {"client_secret_basic", more["secret_id"]} <= set(table.replace(",", "").split())
    assert added["client_secret"] not in table + repr(shown)
    assert removed.stdout == f"{first} of portal is good for nothing any more.\n"
    assert operator("clients", "remove-secret", "portal", more["secret_id"]).status == 1


def test_add_for_people(operator: Operator) -> None:
    """The secret stands on a line of its own; what cannot be used is one line that says what to change."""
    added = operator("clients", "add", "--redirect-uri", "https://wiki.example.com/callback", "--name", "The wiki")
    public = operator("clients", "add", "kiosk", "--auth-method", "none", "--redirect-uri", "http://localhost/callback")
    refused = operator("clients", "add", "kiosk2", "--redirect-uri", "http://wiki.example.com/callback")

    assert added.stdout.startswith("app_")
    assert [line for line in added.stdout.splitlines() if line.startswith("  ths_")]
    assert public.stdout == "kiosk is added.\n"
    assert (refused.status, refused.stderr.count("\n")) == (1, 1)
    assert "must be https" in refused.stderr


def test_revoke(operator: Operator, visit: Visit) -> None:
    """Everything that a client holds ends, and it may begin again."""
    visit.code()

    revoked = operator("clients", "revoke", visit.client_id)

    assert revoked.stdout == f"Every token of {visit.client_id} is revoked; 1 grant ended.\n"
    assert operator("clients", "show", visit.client_id, "--json").json["blocked"] is False
    assert operator("clients", "revoke", visit.client_id, "--json").json == {"revoked_grants": 0}


def test_add_a_resource_server(operator: Operator) -> None:
    """`--resource` says what it is, and that is all it needs; `show` tells it."""
    operator("clients", "add", "reports-api", "--resource", "https://reports.example.com/")

    assert operator("clients", "show", "reports-api", "--json").json["resources"] == ["https://reports.example.com/"]
    assert "https://reports.example.com/" in operator("clients", "show", "reports-api").stdout


def test_add_with_a_key(operator: Operator, tmp_path: Path) -> None:
    """A public key instead of a secret, as JWK Set or PEM; a private one is refused in one line."""
    keys, arguments = a_key_pair(), ("--grant-type", "client_credentials", "--scope", "mcp", "--key-file")
    (tmp_path / "key.pem").write_text(keys.pem)
    (tmp_path / "jwks.json").write_text(keys.jwks)
    (tmp_path / "private.json").write_text(json.dumps({**keys.jwk, "d": "AQAB"}))

    for name in ("key.pem", "jwks.json"):
        added = operator("clients", "add", *arguments, str(tmp_path / name), "--json").json
        assert (added["client"]["token_endpoint_auth_method"], added["client_secret"]) == ("private_key_jwt", None)
        assert added["client"]["metadata"]["jwks"]["keys"][0]["x"] == keys.jwk["x"]
    refused = operator("clients", "add", *arguments, str(tmp_path / "private.json"))
    assert (refused.status, refused.stderr.count("\n")) == (1, 1)
    assert "private" in refused.stderr
