"""`tokenhouse users`."""

import os
import re
import subprocess
from html import unescape

import httpx
import pyotp
import pytest

from core.cli import users
from tests.authenticator import Authenticator
from tests.cli.command import TOKENHOUSE, Operator, clean_environment
from tests.facade.pair import Pair
from tests.facade.road import Visit, hidden_fields, register
from tests.patience import PATIENCE
from tests.plain_http import plain_client


def test_add_and_show(operator: Operator) -> None:
    """A user that was added is shown with groups and times, as a table and as JSON (README, For operators)."""
    added = operator("users", "add", "Uma", "--password-stdin", "--group", "b", "--group", "a", stdin="correct horse\n")

    assert added.status == 0, added.stderr
    assert "correct horse" not in added.stdout + added.stderr
    table = operator("users", "show", "uma").stdout
    assert "Uma" in table
    assert "a, b" in table
    assert " UTC" in table
    shown = operator("users", "show", "uma", "--json").json
    assert (shown["username"], shown["groups"], shown["disabled"]) == ("Uma", ["a", "b"], False)
    assert isinstance(shown["created_at"], int)
    assert "last_login_at" not in shown


def test_list(operator: Operator) -> None:
    """The list has every user, in both forms, and --config may stand before the verb, too."""
    operator.add_user("lister")

    names = [user["username"] for user in operator("users", "list", "--json").json]

    assert {"admin", "lister"} <= set(names)
    assert names == sorted(names, key=str.casefold)
    assert "lister" in operator("users", "list").stdout


def test_many_users_in_pages(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list is whole however many pages it takes."""
    names = {operator.add_user(f"page{number}")["username"] for number in range(5)}
    monkeypatch.setattr(users, "PAGE_SIZE", 2)

    listed = [user["username"] for user in operator("users", "list", "--json").json]

    assert names <= set(listed)
    assert len(set(listed)) == len(listed)


def test_name_taken(operator: Operator) -> None:
    """A refusal is exit status 1 and one line, never a traceback."""
    operator.add_user("twice")

    again = operator("users", "add", "TWICE", "--password-stdin", stdin="correct horse\n")

    assert (again.status, again.stdout) == (1, "")
    assert again.stderr.startswith("tokenhouse: ")
    assert again.stderr.count("\n") == 1


def test_unknown_user(operator: Operator) -> None:
    """A user that there is not is a refusal for every verb that names one."""
    for verb in (["show"], ["disable"], ["enable"], ["delete", "--yes"], ["set-groups"]):
        answered = operator("users", *verb, "nobody")
        assert answered.status == 1, verb
        assert answered.stderr.count("\n") == 1


@pytest.mark.parametrize("stdin", ["", "\n", "two\nlines\n", "correct horse\n\n"])
def test_unusable_password(operator: Operator, stdin: str) -> None:
    """Stdin must hold the password on one line: anything else is wrong usage, exit status 2."""
    answered = operator("users", "add", "unusable", "--password-stdin", stdin=stdin)

    assert answered.status == 2
    assert "on one line" in answered.stderr


def test_short_password(operator: Operator) -> None:
    """What the core refuses is exit status 1, in its own words."""
    answered = operator("users", "add", "short", "--password-stdin", stdin="short\n")

    assert answered.status == 1
    assert "password" in answered.stderr


def test_no_terminal(operator: Operator) -> None:
    """Without a terminal nobody can be asked for a password: exit status 2 and the option that helps."""
    password = operator("users", "add", "nobody-asked")

    assert password.status == 2
    assert "--password-stdin" in password.stderr


def test_disable_and_enable(operator: Operator, pair: Pair) -> None:
    """Disabling ends the user's grants and says how many; enabling revives none (README, For operators)."""
    operator.add_user("coming-and-going")
    visit = Visit(pair, register(pair, name="For coming and going"))
    page = visit.log_in(visit.start(), "correct horse", "coming-and-going")
    visit.send(visit.browser.get(page.headers["location"]), "/consent", decision="allow")

    disabled = operator("users", "disable", "coming-and-going", "--json").json
    enabled = operator("users", "enable", "coming-and-going")

    assert disabled["revoked_grants"] == 1
    assert disabled["user"]["disabled"] is True
    assert enabled.stdout == "coming-and-going is enabled.\n"
    assert operator("grants", "list", "--user", "coming-and-going", "--json").json == []


def test_passwd(operator: Operator, pair: Pair) -> None:
    """A new password opens the login, the old one does not, and grants end unless they are kept."""
    operator.add_user("forgetful")
    changed = operator("users", "passwd", "forgetful", "--password-stdin", stdin="battery staple")
    kept = operator(
        "users", "passwd", "forgetful", "--password-stdin", "--keep-grants", "--json", stdin="battery staple"
    )
    visit = Visit(pair, register(pair, name="For the forgetful"))
    page = visit.start()

    old = visit.log_in(page, "correct horse", "forgetful")
    new = visit.log_in(page, "battery staple", "forgetful")

    assert changed.stdout == "forgetful has a new password; 0 grants ended.\n"
    assert kept.json == {"revoked_grants": 0}
    assert old.status_code != 303
    assert new.status_code == 303


def test_set_groups(operator: Operator) -> None:
    """`set-groups` replaces all groups; with none named, none are left."""
    operator.add_user("grouped", "old")

    assert operator("users", "set-groups", "grouped", "x", "y", "--json").json["groups"] == ["x", "y"]
    assert operator("users", "set-groups", "grouped", "--json").json["groups"] == []


def test_delete(operator: Operator) -> None:
    """A deleted user is gone; a script is not asked whether it means that."""
    operator.add_user("leaving")

    deleted = operator("users", "delete", "leaving")

    assert (deleted.status, deleted.stdout) == (0, "leaving is deleted; 0 grants ended.\n")
    assert operator("users", "show", "leaving").status == 1


@pytest.mark.parametrize(("answer", "status"), [(b"n\n", 1), (b"y\n", 0)])
def test_delete_at_a_terminal(operator: Operator, answer: bytes, status: int) -> None:
    """A person is asked before a user is deleted, and may still say no."""
    name = f"leaving-{status}"
    operator.add_user(name)
    keyboard, terminal = os.openpty()
    try:
        os.write(keyboard, answer)
        command = [TOKENHOUSE, "users", "delete", name, "--config", str(operator.config)]
        asked = subprocess.run(
            command, stdin=terminal, capture_output=True, timeout=PATIENCE, check=False, env=clean_environment()
        )
    finally:
        os.close(keyboard)
        os.close(terminal)

    assert asked.returncode == status
    assert f"Delete {name} and end everything of theirs?".encode() in asked.stderr
    assert operator("users", "show", name).status == 1 - status


def test_reset_second_factor(operator: Operator, pair: Pair) -> None:
    """A login that asked for a code asks for none; the line and the JSON say whether there was one."""
    operator.add_user("loser")
    browser = plain_client(pair.base)

    def send(page: httpx.Response, action: str, **fields: str) -> httpx.Response:
        return browser.post(action, data=hidden_fields(page, action) | fields, follow_redirects=True)

    send(browser.get("/account"), "/account/login", username="loser", password="correct horse")
    page = send(browser.get("/account/second-factor"), "/account/second-factor/begin")
    [secret] = re.findall('<p class="detail">([A-Z2-7 ]+)</p>', page.text)
    code = pyotp.TOTP(secret.replace(" ", "")).now()
    send(page, "/account/second-factor/confirm", code=code, password="correct horse")
    send(browser.get("/account"), "/account/logout")
    asked = send(browser.get("/account"), "/account/login", username="loser", password="correct horse")

    assert "Enter a code" in asked.text
    assert operator("users", "reset-second-factor", "loser").stdout == (
        "loser has no second factor any more, and every session of theirs ended.\n"
    )
    assert operator("users", "reset-second-factor", "loser").stdout == "loser had no second factor.\n"
    assert operator("users", "reset-second-factor", "loser", "--json").json == {"reset": False}
    assert operator("users", "reset-second-factor", "nobody-of-this-name").status == 1
    entered = send(browser.get("/account"), "/account/login", username="loser", password="correct horse")
    assert "Signed in as" in entered.text


def test_remove_passkeys(operator: Operator, pair: Pair) -> None:
    """They are shown with their user; the line and the JSON say how many there were."""
    operator.add_user("holder")
    authenticator = Authenticator(pair.base)
    browser = plain_client(pair.base)

    def send(page: httpx.Response, action: str, **fields: str) -> httpx.Response:
        return browser.post(action, data=hidden_fields(page, action) | fields, follow_redirects=True)

    send(browser.get("/account"), "/account/login", username="holder", password="correct horse")
    page = send(browser.get("/account/passkeys"), "/account/passkeys/begin", password="correct horse")
    [options] = re.findall('data-options="([^"]*)"', page.text)
    send(page, "/account/passkeys/add", response=authenticator.create(unescape(options)), name="blue")

    assert re.search(r"Passkeys +blue \([0-9a-f]{16}\)\n", operator("users", "show", "holder").stdout)
    assert operator("users", "remove-passkeys", "holder").stdout == (
        "1 passkey of holder removed, and every session of theirs ended.\n"
    )
    assert operator("users", "remove-passkeys", "holder", "--json").json == {"removed": 0}
    assert operator("users", "remove-passkeys", "nobody-of-this-name").status == 1


def test_sign_out_and_revoke(operator: Operator, pair: Pair) -> None:
    """Sessions and grants end apart; the line and the JSON say how many."""
    operator.add_user("leaver")
    visit = Visit(pair, register(pair))
    page = visit.browser.get(visit.log_in(visit.start(), "correct horse", "leaver").headers["location"])
    visit.send(page, "/consent", decision="allow")

    assert operator("users", "sign-out", "leaver").stdout == "leaver is signed out; 1 session ended.\n"
    assert operator("users", "sign-out", "leaver", "--json").json == {"ended_sessions": 0}
    assert operator("users", "revoke", "leaver").stdout == "leaver is disconnected; 1 grant ended.\n"
    assert operator("users", "revoke", "leaver", "--json").json == {"revoked_grants": 0}
    assert operator("users", "revoke", "nobody-of-this-name").status == 1


def test_overview(operator: Operator) -> None:
    """How much there is, in both forms."""
    seen = operator("overview", "--json").json

    assert seen["users"] >= 1
    assert seen["signing_key_id"] in operator("overview").stdout


def test_statistics(operator: Operator) -> None:
    """What happened, in both forms; with --json for each part of the time."""
    operator("users", "list")

    assert len(operator("statistics", "day", "--json").json["buckets"]) == 24
    assert operator("statistics", "--json").json["bucket_seconds"] == 60
    assert operator("statistics", "month").status == 0
    assert operator("statistics", "year").status == 2
