"""The operators' console over HTTP: who gets in, what is shown, and acts that ask once more."""

import re
from html import unescape
from urllib.parse import quote

import pytest
from tokenhouse.v1 import user_admin_pb2
from tokenhouse.v1.user_admin_pb2_grpc import UserAdminServiceStub

from tests.facade.endpoints.operator import Operator, connect, refreshes
from tests.facade.pair import Pair
from tests.facade.road import Visit, hidden_fields, register
from tests.patience import PATIENCE
from tests.running import wait_until

PAGES = [
    "/admin",
    "/admin/clients",
    "/admin/users",
    "/admin/grants",
    "/admin/keys",
    "/admin/connections",
    "/admin/statistics",
]
_HOSTILE = """<script>alert(1)</script>"'><img src=x onerror=alert(1)>"""


@pytest.mark.parametrize("path", PAGES)
def test_who_is_not_signed_in_is_asked_to(pair: Pair, path: str) -> None:
    """The login, and nothing of what stands behind it; the way out of it leads back to the console."""
    page = Operator(pair).get(path)

    assert page.status_code == 200
    assert "to open the operators’ console" in page.text
    assert 'action="/admin/login"' in page.text


def test_who_is_no_operator_gets_403(pair: Pair, users: UserAdminServiceStub) -> None:
    """The page says so and lets another account in; acts are refused as well, whatever the form says."""
    request = user_admin_pb2.CreateUserRequest(username="eve", password="not an operator", groups=["operator", "x"])
    users.CreateUser(request, timeout=PATIENCE)
    eve = Operator(pair)
    page = eve.sign_in("eve", "not an operator")
    out = eve.send(page, "/admin/logout")

    assert page.status_code == 403
    assert "The console is for operators" in page.text
    assert "admin" not in page.text.replace('action="/admin', "")
    assert [eve.get(path).status_code for path in PAGES] == [200] * len(PAGES)
    assert (out.status_code, out.headers["location"]) == (303, "/admin")


def test_a_wrong_password_asks_again(pair: Pair) -> None:
    """As at every login: the name stays, and nobody learns which of the two was wrong."""
    page = Operator(pair).sign_in("admin", "wrong")

    assert page.status_code == 403
    assert "The user name or the password is wrong." in page.text


def test_the_pages_show_who_connected_what(pair: Pair, operator: Operator) -> None:
    """Overview, grants, the client and the user name each other; a hostile name is text everywhere (RFC 9700 §4.16)."""
    client_id, _ = connect(pair, f"The editor {_HOSTILE}")
    grants = operator.get("/admin/grants", client_id=client_id)
    [grant_url] = re.findall(r'href="(/admin/grant\?grant_id=[0-9a-f]{32})"', grants.text)
    pages = [
        operator.get("/admin"),
        grants,
        operator.get("/admin/client", client_id=client_id),
        operator.get("/admin/user", username="admin"),
        operator.get(grant_url),
        operator.get("/admin/clients", after=client_id[:-1]),
    ]

    for page in pages:
        assert page.status_code == 200, page.text
        assert "The editor" in page.text
        assert "<script" not in page.text
        assert "onerror=alert(1)>" not in page.text
        assert page.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "Code redeemed" in pages[4].text


def test_what_is_not_there_is_404(operator: Operator) -> None:
    """With the core's own sentence, and the way back."""
    for path, query in (
        ("/admin/client", {"client_id": "nobody"}),
        ("/admin/user", {"username": "nobody"}),
        ("/admin/grant", {"grant_id": "0" * 32}),
        ("/admin/act", {"act": "delete_client", "target": "nobody"}),
        ("/admin/act", {"act": "delete_everything", "target": "nobody"}),
        ("/admin/statistics", {"period": "year"}),
        ("/admin/audit", {"before": "x"}),
        ("/admin/audit", {"before": "9" * 30}),
        ("/admin/nothing", {}),
    ):
        assert operator.get(path, **query).status_code == 404
    assert operator.get("/admin/grant", grant_id="x").status_code == 400
    assert operator.get("/admin/grants", page="x").status_code == 400
    assert operator.get("/admin/client").status_code == 400


def test_what_cannot_be_shown_says_where_the_logs_tell_of_it(pair: Pair, operator: Operator) -> None:
    """By the number on the page, as every other page of an error: both processes' lines have it."""
    [number] = re.findall(r'<p class="detail">([0-9a-f]{12})</p>', operator.get("/admin/user", username="nobody").text)

    told = f"correlation_id={number}"
    wait_until(lambda: told in pair.core_log.read_text(), "the core to tell of it")
    wait_until(lambda: told in pair.facade_log.read_text(), "the facade to tell of it")


def test_an_act_asks_once_and_is_done_once_confirmed(pair: Pair, operator: Operator) -> None:
    """Opening the page that asks ends nothing; its form ends the grant, and says how much it was."""
    client_id, token = connect(pair, "Cut off")
    asks = operator.get("/admin/act", act="block_client", target=client_id)
    asked = operator.get("/admin/client", client_id=client_id)
    done = operator.send(asks, "/admin/act")
    blocked = operator.get("/admin/client", client_id=client_id)

    assert "Cut off" in asks.text
    assert "<dd>active</dd>" in asked.text
    assert (done.status_code, "The app is blocked." in done.text, "1 grant ended." in done.text) == (200, True, True)
    assert "<dd>blocked</dd>" in blocked.text
    assert not refreshes(pair, client_id, token)


@pytest.mark.parametrize("act", ["revoke_client_tokens", "delete_client"])
def test_what_ends_all_of_a_client(pair: Pair, operator: Operator, act: str) -> None:
    """Its refresh token is good for nothing afterwards (RFC 7009 §2 in effect)."""
    client_id, token = connect(pair, act)

    assert "1 grant ended." in operator.act(act, client_id).text
    assert not refreshes(pair, client_id, token)


def test_one_grant_and_all_of_a_user(pair: Pair, operator: Operator, users: UserAdminServiceStub) -> None:
    """Revoke one, disconnect everything, sign out, disable and enable: each says what it ended."""
    users.CreateUser(user_admin_pb2.CreateUserRequest(username="ann", password="ann's password"), timeout=PATIENCE)
    visits = [Visit(pair, register(pair, name=f"Ann's app {number}")) for number in range(2)]
    tokens = []
    for visit in visits:
        page = visit.browser.get(visit.log_in(visit.start(), "ann's password", "ann").headers["location"])
        location = visit.send(page, "/consent", decision="allow").headers["location"]
        tokens.append(visit.redeem(re.findall("code=([^&]+)", location)[0]).json()["refresh_token"])
    first = re.findall(r"grant_id=([0-9a-f]{32})", operator.get("/admin/grants", client_id=visits[0].client_id).text)[0]
    said = [
        operator.act("revoke_grant", first).text,
        operator.act("revoke_user_tokens", "ann").text,
        operator.act("sign_out_user", "ann").text,
        operator.act("disable_user", "ann").text,
        operator.act("enable_user", "ann").text,
    ]

    assert "The grant has ended." in said[0]
    assert "1 grant ended." in said[1]
    assert "2 sessions ended." in said[2]
    assert "0 grants ended." in said[3]
    assert "The user is enabled." in said[4]
    assert [refreshes(pair, each.client_id, token) for each, token in zip(visits, tokens, strict=True)] == [False] * 2


def test_a_grant_tells_what_came_of_its_refreshes(pair: Pair, operator: Operator) -> None:
    """A rotation at once, for it is in the grant's row; in the words of the charts."""
    client_id, token = connect(pair, "Refreshes once")
    [grant_id] = re.findall(r"grant_id=([0-9a-f]{32})", operator.get("/admin/grants", client_id=client_id).text)
    before = operator.get("/admin/grant", grant_id=grant_id)
    assert refreshes(pair, client_id, token)
    after = operator.get("/admin/grant", grant_id=grant_id)

    assert "It has not been refreshed." in before.text
    assert re.search(r"<dt>rotated</dt><dd>once, at <time ", after.text)


def test_acts_of_other_sites_and_browsers_are_refused(pair: Pair, operator: Operator) -> None:
    """RFC 9700 §4.7: a form needs this browser, session and origin, and the act and the thing that it was made for."""
    client_id, token = connect(pair, "Stays")
    other = Operator(pair)
    other.sign_in()
    page = operator.get("/admin/act", act="revoke_client_tokens", target=client_id)
    data = hidden_fields(page, "/admin/act")
    answers = [
        other.browser.post("/admin/act", data=data),
        operator.browser.post("/admin/act", data=data | {"csrf_token": "x"}),
        operator.browser.post("/admin/act", data=data | {"act": "delete_client"}),
        operator.browser.post("/admin/act", data=data | {"target": register(pair, name="Another")}),
        operator.browser.post("/admin/act", data=data, headers={"Origin": "https://evil.example"}),
        operator.browser.post("/admin/act", data=data, headers={"Sec-Fetch-Site": "cross-site"}),
    ]

    assert [each.status_code for each in answers] == [403] * 6
    assert refreshes(pair, client_id, token)


def test_lists_go_on_where_the_last_page_ended(pair: Pair, operator: Operator) -> None:
    """By keyset: every client is on one page, in the order of the ids, however many there are."""
    made = {register(pair, name=f"Many {number}") for number in range(60)}
    seen: list[str] = []
    url = "/admin/clients"
    for _ in range(50):
        page = operator.get(url)
        seen += [unescape(each) for each in re.findall(r'href="/admin/client\?client_id=([^"]+)"', page.text)]
        more = re.findall(r'href="(/admin/clients\?after=[^"]+)"', page.text)
        if not more:
            break
        url = unescape(more[0])

    assert len(seen) == len(set(seen))
    assert {quote(each, safe="-._~") for each in made} <= set(seen)


def test_users_and_clients_are_found_by_a_part_of_their_names(
    pair: Pair, operator: Operator, users: UserAdminServiceStub
) -> None:
    """Whoever is wanted is on the first page, however many others there are; what was typed is text, and stays."""
    for name in ("needle-one", "Needle-two"):
        users.CreateUser(user_admin_pb2.CreateUserRequest(username=name, password="correct horse"), timeout=PATIENCE)
    wanted = register(pair, name="The needle's client")
    found = operator.get("/admin/users", containing=" NEEDLE ").text
    clients = operator.get("/admin/clients", containing="needle's").text
    hostile = operator.get("/admin/clients", containing=f"{_HOSTILE} of nobody")

    assert re.findall(r"/admin/user\?username=([^\"]+)", found) == ["needle-one", "Needle-two"]
    assert re.findall(r"/admin/client\?client_id=([^\"]+)", clients) == [quote(wanted, safe="-._~")]
    assert "There is no client here." in hostile.text
    assert "<script" not in hostile.text


def test_a_search_goes_on_as_the_search_that_it_is(pair: Pair, operator: Operator) -> None:
    """The way to the next page holds what is looked for."""
    for number in range(51):
        register(pair, name=f"Haystack {number}")
    page = operator.get("/admin/clients", containing="haystack").text
    [more] = re.findall(r'href="(/admin/clients\?after=[^"]+)"', page)

    assert page.count("/admin/client?") == 50
    assert operator.get(unescape(more)).text.count("/admin/client?") == 1


def test_keys_are_rotated_and_withdrawn(pair: Pair, operator: Operator) -> None:
    """The page names each key with its state; a withdrawn one is in no JWK Set when the page says so (RFC 7517 §5)."""

    def published() -> set[str]:
        return {key["kid"] for key in pair.client.get("/oauth/v1/jwks").json()["keys"]}

    before = published()
    done = operator.act("rotate_signing_key", "next")
    page = operator.get("/admin/keys")
    at_once = operator.act("rotate_at_once", "next")
    [old] = before
    withdrawn = operator.act("withdraw_signing_key", old)
    again = operator.get("/admin/act", act="withdraw_signing_key", target="no-such-key")

    assert "The next key is published." in done.text
    assert f'<span class="code"><bdi class="breakable">{old}</bdi>' in page.text.replace("<wbr>", "")
    assert page.text.count("published</div></td>") == 1
    assert "No verifier is connected." in page.text
    assert "The next key signs." in at_once.text
    assert "The key is withdrawn." in withdrawn.text
    assert again.status_code == 404
    wait_until(lambda: old not in published(), "the facade to have asked for the keys again")
    assert published() & before == set()


def test_the_doctor_shows_what_an_app_went_through(pair: Pair, operator: Operator) -> None:
    """Each step of an attempt in words, under the app's name; of one app alone where that is asked for."""
    client_id, _ = connect(pair, "Patient")
    page = operator.get("/admin/connections", client_id=client_id)
    other = operator.get("/admin/connections", client_id=register(pair, name="Nobody tried"))

    assert page.status_code == 200
    assert "Patient" in page.text
    assert "token issued" in page.text
    assert page.text.count("<details") == 1
    assert "Patient" not in other.text


def test_the_doctor_speaks_the_readers_language(pair: Pair, operator: Operator) -> None:
    """RFC 9110 §12.5.4: steps and findings, with what the client has sent as it is, and nothing of it as markup."""
    client_id = register(pair, name="Elsewhere")
    asked = {"response_type": "code", "client_id": client_id, "redirect_uri": "https://elsewhere.example/b&lt;"}
    pair.client.get("/oauth/v1/authorize", params=asked)
    path = f"/admin/connections?client_id={client_id}"
    english = operator.browser.get(path, headers={"Accept-Language": "en"}).text.replace("<wbr>", "")
    german = operator.browser.get(path, headers={"Accept-Language": "de"}).text.replace("<wbr>", "")

    sent = '<bdi class="breakable">https://elsewhere.example/b&amp;lt;</bdi>'
    assert f"the client has not registered the redirect URI: {sent}" in english
    assert f"The client sent the redirect URI {sent}, which it has not registered" in english
    assert f"die App hat die Redirect-URI nicht registriert: {sent}" in german
    assert f"Die App hat die Redirect-URI {sent} geschickt, die sie nicht registriert hat" in german


@pytest.mark.parametrize("period", ["hour", "day", "month"])
def test_charts_need_no_script_and_no_other_server(pair: Pair, operator: Operator, period: str) -> None:
    """An SVG of the page's own, and every number once more in a table, which is named as its chart."""
    client_id, token = connect(pair, "Charted")
    assert refreshes(pair, client_id, token)
    page = operator.get("/admin/statistics", period=period)

    assert page.status_code == 200
    assert page.text.count("<figure>") == 8
    assert '<svg class="chart"' in page.text
    assert re.search(r'<td role="cell" data-label="rotated"><div>\d', page.text)
    named = re.findall(r'<table role="table" aria-label="([^"]+)">', page.text)
    assert {*named} <= {*re.findall("<figcaption>([^<]+)</figcaption>", page.text)}
    assert len(named) == len({*named}) == page.text.count("<table")
    assert "<script" not in page.text
    assert "style=" not in page.text
    assert not re.search(r'(src|href)="(https?:)?//', page.text)


def test_the_trail_names_the_operator_who_acted(pair: Pair, operator: Operator) -> None:
    """Who, what and about what, under the app's filter; the grant's own page has the same records."""
    client_id, _ = connect(pair, "On record")
    [grant_id] = re.findall(r"grant_id=([0-9a-f]{32})", operator.get("/admin/grants", client_id=client_id).text)
    operator.act("revoke_grant", grant_id)
    trail = operator.get("/admin/audit", client_id=client_id)
    grant = operator.get("/admin/grant", grant_id=grant_id)
    user = operator.get("/admin/audit", user="admin", before="1000000000")

    for page in (trail, grant, user):
        assert page.status_code == 200
        assert "revoked a grant" in page.text
    row = trail.text[: trail.text.index("revoked a grant")].rpartition("<tr")[2]
    assert '<bdi class="breakable">admin</bdi>' in row
    assert grant_id in trail.text.replace("<wbr>", "")
    assert "answered an app" in grant.text


def test_the_trail_says_which_groups_were_set(operator: Operator, users: UserAdminServiceStub) -> None:
    """By their own names: whoever was made an operator is seen."""
    users.CreateUser(
        user_admin_pb2.CreateUserRequest(username="gina", password="correct horse battery", groups=["it_admins"]),
        timeout=PATIENCE,
    )
    assert "+it_admins" in operator.get("/admin/audit", user="gina").text


def test_tries_are_seen_and_given_back(pair: Pair, operator: Operator) -> None:
    """A wrong password has cost one; the button in its row gives it back, and is bound to that row."""
    Operator(pair).sign_in("admin", "wrong")
    page = operator.get("/admin/limits")
    rows = page.text.split("<tr")[1:]
    row = next(row for row in rows if "passwords of an account" in row and ">admin</bdi>" in row)
    data = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', row))
    stolen = operator.browser.post("/admin/act", data=data | {"target": "0" * 32})
    done = operator.browser.post("/admin/act", data=data)
    again = operator.get("/admin/limits")

    assert "Limits.LoginFailures" in row.replace("<wbr>", "")
    assert stolen.status_code == 403
    assert "The tries are back." in done.text
    assert data["target"] not in again.text


def test_the_console_speaks_the_language_of_the_browser(operator: Operator) -> None:
    """RFC 9110 §12.5.4: what the console says is said in German where that is wished for."""
    page = operator.browser.get("/admin/users", headers={"Accept-Language": "de"})

    assert page.headers["content-language"] == "de"
    assert "Benutzer</h1>" in page.text
    assert "Abmelden" in page.text
