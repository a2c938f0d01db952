"""The authorization endpoint: pages for people, redirects for clients, and never the one for the other."""

import json
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
import pytest

from tests.facade.pair import Pair
from tests.facade.road import REDIRECT_URI, Visit, hidden_fields, register, seen_words

_AUTHORIZE = "/oauth/v1/authorize"


@pytest.fixture(scope="module")
def client_id(pair: Pair) -> str:
    """A registered client."""
    return register(pair)


@pytest.fixture
def visit(pair: Pair, client_id: str) -> Visit:
    """A browser nobody has seen before."""
    return Visit(pair, client_id)


def query_of(response: httpx.Response, status: int) -> dict[str, list[str]]:
    """The parameters of a redirect to the client."""
    assert response.status_code == status
    assert response.headers["location"].startswith(REDIRECT_URI + "?")
    return parse_qs(urlsplit(response.headers["location"]).query, keep_blank_values=True)


_STATES = {
    "long": "https://workbench.example/s/1/?tkn=a&b=c#d" * 100,
    "encoded": "%20+%2B&=?/",
    "json": json.dumps({"a": ["ü", None]}),
    "symbols": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
}


@pytest.mark.parametrize("name", _STATES)
@pytest.mark.parametrize("decision", ["allow", "deny"])
def test_the_answer_carries_state_and_issuer(visit: Visit, decision: str, name: str) -> None:
    """RFC 6749 §4.1.2, §4.1.2.1, RFC 9207: the exact state and iss on a yes and on a no, by 303."""
    visit.state = _STATES[name]
    response = visit.send(visit.consent_page(), "/consent", decision=decision)
    query = query_of(response, 303)
    expected = {"allow": {"code"}, "deny": {"error", "error_description"}}[decision] | {"state", "iss"}

    assert query["state"] == [_STATES[name]]
    assert query["iss"] == [visit.pair.issuer]
    assert set(query) == expected
    assert query.get("error") == {"allow": None, "deny": ["access_denied"]}[decision]
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": ""}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
        ({"resource": "https://a.example/#fragment"}, "invalid_target"),
    ],
)
def test_a_clients_mistakes_go_back_to_the_client(visit: Visit, change: dict[str, str], error: str) -> None:
    """Rows 3 to 5 and 11: 302 with the error, state and iss, once the client and its redirect_uri are known."""
    query = query_of(visit.start(**change), 302)

    assert query["error"] == [error]
    assert query["state"] == ["a state"]
    assert query["iss"] == [visit.pair.issuer]


_PAGE_FAULTS = [
    {"client_id": ""},
    {"client_id": "nobody"},
    {"redirect_uri": ""},
    {"redirect_uri": "https://evil.example/cb"},
    {"redirect_uri": "http://127.0.0.1:7777/other"},
    {"redirect_uri": "http://127.0.0.1.evil.example:7777/callback"},
    {"redirect_uri": "http://user@127.0.0.1:7777/callback"},
    {"redirect_uri": "javascript:alert(1)"},
]
_OTHER_FAULTS = [{}, {"response_type": "token"}, {"code_challenge": ""}, {"prompt": "none"}]


@pytest.mark.parametrize("fault", _PAGE_FAULTS)
@pytest.mark.parametrize("other", _OTHER_FAULTS)
def test_what_must_not_be_redirected_is_a_page(visit: Visit, fault: dict[str, str], other: dict[str, str]) -> None:
    """Row 1, and the matrix of every other error with a bad redirect_uri: 400, a page, no Location."""
    response = visit.start(**(fault | other))

    assert response.status_code == 400
    assert response.headers["content-type"].startswith("text/html")
    assert "location" not in response.headers
    assert response.text.count("<h1>") == 1
    assert "<form" not in response.text
    assert "<a " not in response.text


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"client_id": ""}, "client_id fehlt"),
        ({"redirect_uri": ""}, "redirect_uri fehlt"),
        ({"redirect_uri": "https://evil.example/cb"}, "redirect_uri https://evil.example/cb ist für diese App nicht"),
        ({"redirect_uri": "http://user@127.0.0.1:7777/"}, "redirect_uri http://user@127.0.0.1:7777/ darf vor oder"),
        ({"redirect_uri": "javascript:alert(1)"}, "redirect_uri javascript:alert(1): zu javascript: wird nie"),
        ({"client_id": "https://localhost/../c"}, "der Pfad darf keine Teile aus Punkten haben"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_the_readers_language(visit: Visit, fault: dict[str, str], words: str) -> None:
    """Details, too, are in the language that the browser wishes for (RFC 9110 §12.5.4); nothing is left in English."""
    visit.browser.headers["Accept-Language"] = "de"
    page = visit.start(**fault)

    assert page.status_code == 400
    assert words in seen_words(page)
    assert 'lang="en"' not in page.text


def test_a_redirect_uri_that_was_left_out_tells_what_to_do(pair: Pair) -> None:
    """An app that registers more than is allowed and then uses it: a page with the URI, the setting and what else."""
    hosted = "https://www.cursor.com/agents/mcp/oauth/callback"
    client_id = register(pair, "http://localhost:8787/callback", hosted)

    response = Visit(pair, client_id, redirect_uri=hosted).start()

    assert response.status_code == 400
    assert "location" not in response.headers
    for told in (hosted, "Server.OAuthAllowedRedirectURI, and the app must have registered it"):
        assert told in response.text


def test_a_deleted_client_tells_the_user_what_to_do(visit: Visit) -> None:
    """Clients cannot see this page, so it speaks to the person."""
    response = visit.start(client_id="client_deleted")

    assert "Remove this connection in the app and add it again." in response.text
    for told in ("Claude Code", "claude mcp logout NAME", "Remove Dynamic Authentication Providers", "Cursor"):
        assert told in response.text


@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "state", "response_type", "code_challenge"])
def test_repeated_parameters_never_pass(visit: Visit, name: str) -> None:
    """Row 6: which of two values counts is nobody's guess; resource alone may repeat."""
    query = urlencode([*visit.parameters().items(), (name, visit.parameters()[name])])
    response = visit.browser.get(f"{_AUTHORIZE}?{query}")

    if response.status_code == 302:
        assert query_of(response, 302)["error"] == ["invalid_request"]
    else:
        assert response.status_code == 400


def test_a_posted_request_is_the_same_request(visit: Visit) -> None:
    """RFC 6749 §3.1: POST may be used; the browser is sent to the same request with GET, so that its cookies come."""
    posted = visit.browser.post(_AUTHORIZE, data=visit.parameters())
    parameters = dict(parse_qsl(urlsplit(posted.headers["location"]).query))

    assert posted.status_code == 303
    assert urlsplit(posted.headers["location"]).netloc == ""
    assert parameters == visit.parameters()


def test_an_endless_request_is_refused(visit: Visit) -> None:
    """The request must fit into the forms it travels in."""
    response = visit.browser.post(
        _AUTHORIZE,
        content=urlencode({"state": "x" * 17_000}),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )

    assert response.status_code == 400
    assert "location" not in response.headers


def test_login_pages_are_for_one_browser(visit: Visit) -> None:
    """Row 12, and the cookie that names the browser: HttpOnly, Lax, no expiry, nothing of the request in it."""
    page = visit.start()
    cookie = page.headers["set-cookie"]

    assert page.status_code == 200
    assert cookie.startswith("tokenhouse-browser=")
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Lax")
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["content-security-policy"].endswith("; form-action 'self' http://127.0.0.1:7777")
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in visit.start().headers


def test_a_redirect_to_the_client_sets_no_cookie(visit: Visit) -> None:
    """Who is only passed on is not given a name."""
    assert "set-cookie" not in visit.start(prompt="none").headers


def test_no_parameter_reaches_a_cookie(visit: Visit) -> None:
    """Request data in cookies has leaked before: none of ours holds any."""
    visit.state = "canary-state-value"
    visit.log_in(visit.start())

    assert {*visit.browser.cookies} == {"tokenhouse-browser", "tokenhouse-session", "tokenhouse-remembered"}
    for value in visit.browser.cookies.values():
        for parameter in visit.parameters().values():
            assert parameter not in value


def test_a_wrong_password_shows_the_form_again(visit: Visit) -> None:
    """No session, the name kept, the password not, and a form that works."""
    again = visit.log_in(visit.start(), password="wrong <b>", username='ann"><b>')

    assert again.status_code == 403
    assert "www-authenticate" not in again.headers
    assert "set-cookie" not in again.headers
    assert "The user name or the password is wrong." in again.text
    assert 'value="ann&#34;&gt;&lt;b&gt;"' in again.text
    assert "wrong &lt;b&gt;" not in again.text
    assert again.headers["content-security-policy"].endswith("; form-action 'self' http://127.0.0.1:7777")
    assert visit.log_in(again).status_code == 303


def test_login_goes_on_with_the_same_request(visit: Visit) -> None:
    """303 to the authorization endpoint on this server, every parameter as it was (row 10)."""
    visit.state = _STATES["symbols"]
    reply = visit.log_in(visit.start(resource="https://a.example/mcp"))
    location = urlsplit(reply.headers["location"])

    assert reply.status_code == 303
    assert (location.scheme, location.netloc, location.path) == ("", "", _AUTHORIZE)
    assert dict(parse_qsl(location.query)) == visit.parameters(resource="https://a.example/mcp")
    session, remembered = reply.headers.get_list("set-cookie")
    assert session.endswith("; Path=/; HttpOnly; SameSite=Lax")
    assert remembered.endswith("; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000")


def test_a_signed_in_user_skips_login(visit: Visit) -> None:
    """The second request goes straight to consent."""
    visit.consent_page()

    assert "Allow “" in visit.start().text


def test_another_account_starts_over(visit: Visit) -> None:
    """Signing out ends the session, forgets the cookie, and asks the same request's login again."""
    page = visit.consent_page()
    session = visit.browser.cookies["tokenhouse-session"]
    reply = visit.send(page, "/logout")
    login = visit.browser.get(reply.headers["location"])
    browser = visit.browser.cookies["tokenhouse-browser"]
    revived = {"Cookie": f"tokenhouse-browser={browser}; tokenhouse-session={session}"}
    visit.browser.cookies.clear()

    assert reply.status_code == 303
    assert "tokenhouse-session=; " in reply.headers["set-cookie"]
    assert "Max-Age=0" in reply.headers["set-cookie"]
    assert "<h1>Sign in</h1>" in login.text
    assert "<h1>Sign in</h1>" in visit.browser.get(_AUTHORIZE, params=visit.parameters(), headers=revived).text


_FORMS = [("/login", {"username": "admin", "password": "x"}), ("/consent", {"decision": "allow"}), ("/logout", {})]


@pytest.mark.parametrize(("action", "fields"), _FORMS)
@pytest.mark.parametrize(
    "damage",
    [
        "csrf_token",
        "sealed_request",
        "no_csrf_token",
        "no_cookie",
        "doubled_cookie",
        "other_browser",
        "cross_site",
        "origin",
        "query",
        "json",
    ],
)
def test_forms_are_only_taken_from_our_own_pages(
    visit: Visit, client_id: str, action: str, fields: dict[str, str], damage: str
) -> None:
    """RFC 9700 §4.7: token, browser, content and origin must all be right, each of them by itself."""
    page = visit.start() if action == "/login" else visit.consent_page()
    form = hidden_fields(page, action) | fields
    headers: dict[str, str] = {}
    browser, url = visit.browser, action
    cookies = dict(browser.cookies)
    match damage:
        case "csrf_token" | "sealed_request":
            form[damage] = "A" * 43
        case "no_csrf_token":
            del form["csrf_token"]
        case "no_cookie":
            browser.cookies.clear()
        case "doubled_cookie":
            browser.cookies.clear()
            headers["Cookie"] = "; ".join(2 * [f"tokenhouse-browser={cookies['tokenhouse-browser']}"])
        case "other_browser":
            other = Visit(visit.pair, client_id)
            other.start()
            browser.cookies.clear()
            session = f"; tokenhouse-session={cookies['tokenhouse-session']}" if "tokenhouse-session" in cookies else ""
            headers["Cookie"] = f"tokenhouse-browser={other.browser.cookies['tokenhouse-browser']}{session}"
        case "cross_site":
            headers["Sec-Fetch-Site"] = "cross-site"
        case "origin":
            headers["Origin"] = "https://evil.example"
        case "query":
            url = f"{action}?x=1"
        case "json":
            headers["Content-Type"] = "application/json"
    response = browser.post(url, data=form, headers=headers)

    assert response.status_code == (400 if damage in ("query", "json") else 403)
    assert "location" not in response.headers
    assert "set-cookie" not in response.headers
    assert damage in ("query", "json") or "This page has expired" in response.text


def test_a_form_of_our_own_with_all_headers_passes(visit: Visit) -> None:
    """Browsers state Sec-Fetch-Site and, since our pages ask for no referrer, an Origin of "null"."""
    page = visit.consent_page()
    form = hidden_fields(page, "/consent") | {"decision": "deny"}
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}

    assert visit.browser.post("/consent", data=form, headers=headers).status_code == 303


def test_a_consent_counts_once(visit: Visit) -> None:
    """README, Grants: a sealed request decides once; a second click gets the same code, another decision a page."""
    page = visit.consent_page()
    first = visit.send(page, "/consent", decision="allow")
    again = visit.send(page, "/consent", decision="allow")
    denied = visit.send(page, "/consent", decision="deny")

    assert (first.status_code, again.status_code) == (303, 303)
    assert again.headers["location"] == first.headers["location"]
    assert denied.status_code == 403
    assert "This page has expired" in denied.text


def test_a_consent_without_a_decision_counts_for_nothing(visit: Visit) -> None:
    """Neither yes nor no is no."""
    page = visit.consent_page()

    assert visit.send(page, "/consent").status_code == 403
    assert visit.send(page, "/consent", decision="Allow").status_code == 403


def test_pages_of_forms_cannot_be_opened(pair: Pair) -> None:
    """Who types the address of a form is told where to start."""
    for path in ("/login", "/consent", "/logout"):
        response = pair.client.get(path)

        assert (response.status_code, response.headers["allow"]) == (405, "POST, OPTIONS")
        assert "Start from the app" in response.text


def test_files_of_pages_may_be_kept_for_ever(visit: Visit) -> None:
    """Names change with the content, so browsers never ask again."""
    page = visit.start()
    path = page.text.split('rel="stylesheet" href="')[1].split('"')[0]
    response = visit.browser.get(path)

    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/css")
    assert "immutable" in response.headers["cache-control"]
    assert response.headers["x-content-type-options"] == "nosniff"
