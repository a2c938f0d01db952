"""What people are shown, with the worst that a client can choose."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from sanic import HTTPResponse
from tokenhouse.v1.account_pb2 import AccountPage, ConnectedApp
from tokenhouse.v1.authorization_pb2 import ConsentPrompt, RequestedScope, RequestingClient

from core.config.settings import SCOPE
from core.config.values import parse_scope
from core.domain.authorization.scope import OFFLINE_ACCESS
from facade.cookies import Cookies, new_browser
from facade.core_client import CoreClient
from facade.discovery import Discovery, SignIn
from facade.endpoints.account_acts import or_sign_in
from facade.errors import ANSWERS, Refusal, get_answer
from facade.facade import Facade
from facade.metrics.core_call_metrics import CoreCallMetrics
from facade.pages.account import account_page
from facade.pages.consent import consent_page
from facade.pages.error import refusal_page
from facade.pages.leaving import leaving_page
from facade.pages.login import login_page
from facade.pages.rendering import Pages
from facade.pages.scope_words import scope_words
from facade.settings import Settings, parse_address
from facade.texts.languages import ENGLISH, choose_texts

_EVIL = """<script>alert(1)</script>"'><img src=x onerror=alert(1)>&lt;{{7*7}}"""
_PASSWORDS = SignIn(local_users=True, providers=())


class Page(HTMLParser):
    """The elements and the text of a page."""

    def __init__(self, response: HTTPResponse) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        assert response.body is not None
        self.feed(response.body.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of this name."""
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def pages() -> Pages:
    """The templates, which each page makes ready once."""
    return Pages(parse_address("https://h.example/auth"))


@pytest.fixture
async def facade(tmp_path: Path, pages: Pages) -> Facade:
    """A facade of its own; its core is not asked."""
    settings = Settings(pages.address, (), str(tmp_path / "core.sock"))
    core = CoreClient(settings.core_socket, CoreCallMetrics(CollectorRegistry()))
    return Facade(settings, core, Discovery(core), Cookies(https=True), pages)


def consent_prompt(*, own_machine: bool = False, resources: tuple[str, ...] = ()) -> ConsentPrompt:
    """A prompt in which everything is hostile."""
    client = RequestingClient(
        client_name=_EVIL, redirect_host=_EVIL, own_machine=own_machine, redirect_uri=f"https://a.example/{_EVIL}"
    )
    scopes = [RequestedScope(name="mcp", description=_EVIL), RequestedScope(name="bare")]
    return ConsentPrompt(sealed_request=_EVIL, client=client, username=_EVIL, scopes=scopes, resources=[*resources])


async def test_a_hostile_client_adds_no_element_to_the_consent_page(facade: Facade) -> None:
    """Names, hosts, scopes and resources are text: no script, image or attribute of theirs (RFC 9700 §4.16)."""
    page = Page(consent_page(facade, new_browser(), "s", consent_prompt(resources=(_EVIL,))))

    assert not page.all("script")
    assert [each["src"] for each in page.all("img")] == [facade.pages.asset_url("mark.svg")]
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert "<script>alert(1)</script>" in page.words
    assert "49" not in page.words


async def test_a_hostile_client_adds_no_element_to_the_login_page(facade: Facade) -> None:
    """The user name comes back as it was typed, as a value and nothing else."""
    client = RequestingClient(client_name=_EVIL, redirect_uri="https://a.example/cb")
    page = Page(
        login_page(facade, new_browser(), client, _EVIL, _PASSWORDS, username=_EVIL, refusal=Refusal("LOGIN_FAILED"))
    )
    fields = {each["name"]: each for each in page.all("input")}

    assert not page.all("script")
    assert len(page.all("img")) == 1
    assert fields["username"]["value"] == _EVIL
    assert fields["sealed_request"]["value"] == _EVIL
    assert "value" not in fields["password"]


async def test_the_consent_page_says_all_that_it_must(facade: Facade) -> None:
    """Who asks, as whom, for what in words, where, and a warning for programs on the user's own machine."""
    prompt = consent_prompt(own_machine=True)
    prompt.client.redirect_host = "127.0.0.1"
    page = Page(consent_page(facade, new_browser(), "s", prompt))
    hosted = Page(consent_page(facade, new_browser(), "s", consent_prompt(resources=("https://mcp.example/mcp",))))

    assert "Any program on your computer could be asking." in page.words
    assert "Everything you may do at every service of h.example." in page.words
    assert "127.0.0.1, your own computer" in page.words
    assert "bare" in page.words
    assert [each.get("value") for each in page.all("button")] == [None, "deny", "allow"]
    assert "Any program" not in hosted.words
    assert "Everything you may do" not in hosted.words
    assert "https://mcp.example/mcp" in hosted.words


async def test_the_consent_page_of_an_app_with_a_scheme_of_its_own(facade: Facade) -> None:
    """RFC 8252 §7.1, §8.6: the program that has claimed the scheme gets the answer, and any program can claim it."""
    prompt = consent_prompt(own_machine=True)
    prompt.client.redirect_host = "cursor:"
    page = Page(consent_page(facade, new_browser(), "s", prompt))

    assert "Your answer goes to the program on your own computer that opens cursor: links." in page.words
    assert "Any program on your computer could be asking." in page.words


async def test_pages_can_be_used_by_everyone(facade: Facade) -> None:
    """WCAG 2.2: a language, one heading of the first level, a label for each field, an alert for each error."""
    client = RequestingClient(client_name="A", redirect_uri="https://a.example/cb")
    login = Page(login_page(facade, new_browser(), client, "r", _PASSWORDS, refusal=Refusal("LOGIN_FAILED")))
    consent = Page(consent_page(facade, new_browser(), "s", consent_prompt()))
    fields = {each.get("id"): each for each in login.all("input") if each.get("type") != "hidden"}

    for page in (login, consent):
        assert page.all("html") == [{"lang": "en"}]
        assert len(page.all("h1")) == 1
        assert len(page.all("main")) == 1
    assert {each["for"] for each in login.all("label")} == set(fields)
    assert fields["username"]["autocomplete"] == "username"
    assert fields["password"]["autocomplete"] == "current-password"
    assert [each["id"] for each in login.all("p") if each.get("role") == "alert"] == ["problem"]


async def test_what_is_allowed_is_shown_whole(facade: Facade) -> None:
    """RFC 9700 §4.16: nobody says yes to the end of a resource, a host or a scope that the page has cut off."""
    resource = f"https://mcp.example.com/{'a' * 2000}/end"
    host = f"accounts.example.{'a.' * 100}evil.example"
    prompt = ConsentPrompt(
        client=RequestingClient(client_name="A", redirect_host=host, redirect_uri="https://a.example/cb"),
        scopes=[RequestedScope(name="mcp", description="Read " * 60 + "and write")],
        resources=[resource],
    )
    page = Page(consent_page(facade, new_browser(), "s", prompt))

    assert resource in page.words
    assert host in page.words
    assert "and write" in page.words


async def test_pages_load_nothing_from_elsewhere(facade: Facade) -> None:
    """Every URL of a page is a path of this server, and every file has its hash in its name."""
    page = Page(consent_page(facade, new_browser(), "s", consent_prompt()))
    urls = [
        attributes[name] for _, attributes in page.elements for name in ("src", "href", "action") if name in attributes
    ]

    assert urls
    assert all(
        url is not None and re.fullmatch(r"/auth/[a-z]+(/[a-z]+\.[0-9a-f]{16}\.(css|svg))?", url) for url in urls
    )


async def test_the_login_page_leads_to_the_client_and_nowhere_else(facade: Facade) -> None:
    """CSP Level 3 §6.4.1: form-action names this server and the client's origin."""
    client = RequestingClient(client_name="A", redirect_uri="http://127.0.0.1:7777/cb?x=1")
    response = login_page(facade, new_browser(), client, "r", _PASSWORDS)

    assert response.headers["Content-Security-Policy"].endswith("; form-action 'self' http://127.0.0.1:7777")
    assert response.status == 200


async def test_a_button_for_each_provider(facade: Facade) -> None:
    """Every provider has a button, in the order of the settings, that says its label and nothing more; where nobody
    signs in with a password there is no field for one."""
    client = RequestingClient(client_name="A", redirect_uri="https://a.example/cb")
    ways = SignIn(local_users=False, providers=(("company", _EVIL), ("partner", "A partner")))
    page = Page(login_page(facade, new_browser(), client, "r", ways))

    assert [button["value"] for button in page.all("button")] == ["company", "partner"]
    assert {each["type"] for each in page.all("input")} == {"hidden"}
    assert "Sign in with A partner" in page.words
    assert "<script>" in page.words


async def test_leaving_goes_on_by_itself_and_to_https_alone(facade: Facade) -> None:
    """The page leads to the provider without a script; an address with a line break or of another scheme is refused."""
    page = leaving_page(facade, "https://idp.example.com/auth?state=x&nonce=y", "A company")

    assert page.headers["Refresh"] == "0;url=https://idp.example.com/auth?state=x&nonce=y"
    assert Page(page).all("a")[0]["href"] == "https://idp.example.com/auth?state=x&nonce=y"
    assert "form-action 'self'" in page.headers["Content-Security-Policy"]
    for url in ("javascript:alert(1)", "https://idp.example.com/\r\nSet-Cookie: x=1", "http://idp.example.com/"):
        with pytest.raises(Refusal):
            leaving_page(facade, url, "A company")


@pytest.mark.parametrize(("reason", "status"), [("LOGIN_FAILED", 403), ("TOO_MANY_ATTEMPTS", 429)])
async def test_a_failed_login_keeps_the_name_and_says_why(facade: Facade, reason: str, status: int) -> None:
    """One sentence for every wrong name or password; how long to wait where waiting helps."""
    client = RequestingClient(client_name="A", redirect_uri="https://a.example/cb")
    refusal = Refusal(reason, retry_after=90)
    response = login_page(facade, new_browser(), client, "r", _PASSWORDS, username="ann", refusal=refusal)
    said = {"LOGIN_FAILED": "The user name or the password is wrong.", "TOO_MANY_ATTEMPTS": "Wait 2 minutes"}[reason]

    assert response.status == status
    assert said in Page(response).words


@pytest.mark.parametrize("reason", ANSWERS)
async def test_error_pages_lead_nowhere(facade: Facade, reason: str) -> None:
    """RFC 6749 §4.1.2.1: no Location, no form, no link but one to a page of ours, for who has opened a form's address
    or a console that is off; words of the table and the number in the logs."""
    refusal = Refusal(reason, _EVIL)
    response = refusal_page(facade.pages, refusal, get_answer(refusal), "0123456789ab", f"redirect_uri={_EVIL!r}")
    page = Page(response)

    assert "Location" not in response.headers
    assert response.status not in (200, 401)
    assert not page.all("form")
    led_on = reason in ("METHOD_NOT_ALLOWED", "CONSOLE_OFF")
    assert [link["href"] for link in page.all("a")] == ["/auth/account"] * led_on
    assert not page.all("script")
    assert get_answer(refusal).title in page.words
    assert "0123456789ab" in page.words


@pytest.mark.parametrize("without_password", [False, True])
async def test_who_has_no_password_here_is_offered_none_to_change(facade: Facade, without_password: bool) -> None:
    """Somebody of another provider's is told where their password is, and led into no form that wants one."""
    answer = AccountPage(username="ada", without_password=without_password)
    page = Page(account_page(facade, new_browser(), "session", answer))

    led = [link["href"] for link in page.all("a")]
    assert led == (
        [] if without_password else ["/auth/account/password", "/auth/account/passkeys", "/auth/account/second-factor"]
    )
    assert ("You sign in at another provider" in page.words) == without_password


@pytest.mark.parametrize("without_password", [False, True])
async def test_who_asked_for_a_form_that_wants_a_password(facade: Facade, without_password: bool) -> None:
    """They are led back here and told where it is kept; a link of somebody else's says nothing to anybody else."""

    async def refused() -> HTTPResponse:
        raise Refusal("SIGNED_IN_ELSEWHERE")

    led = await or_sign_in(facade, refused())
    assert (led.status, led.headers["location"]) == (303, "/auth/account?done=elsewhere")
    answer = AccountPage(username="ada", without_password=without_password)
    page = Page(account_page(facade, new_browser(), "session", answer, done="elsewhere"))

    assert page.words.count("You sign in at another provider") == without_password
    assert len([each for each in page.all("p") if each.get("role") == "status"]) == without_password


async def test_what_this_server_says_of_a_scope_is_in_the_readers_language(facade: Facade) -> None:
    """An operator's own words stay as they are, also of a scope that this server has words for."""
    built_in = (parse_scope(SCOPE.default[0]), OFFLINE_ACCESS)
    assert [str(ENGLISH.text(f"scope.{scope.name}")) for scope in built_in] == [each.description for each in built_in]
    choose_texts(["de"])
    said = [scope_words(RequestedScope(name=scope.name, description=scope.description)) for scope in built_in]

    assert said == ["MCP-Server in Ihrem Namen benutzen", "Verbunden bleiben, bis Sie die App trennen"]
    assert scope_words(RequestedScope(name="mcp", description="Everything")) == "Everything"
    assert scope_words(RequestedScope(name="bare")) == "bare"


async def test_what_an_operator_says_of_a_scope_is_in_the_readers_language(facade: Facade) -> None:
    """Where it was said in that language, also of a scope that this server has words for; else as it was said."""
    scopes = [
        RequestedScope(name="mcp", description="Use MCP servers as you", translations={"de": "Werkzeuge benutzen"}),
        RequestedScope(name="reports", description="Read reports", translations={"fr": "Lire les rapports"}),
    ]
    choose_texts(["de-AT"])
    assert [scope_words(scope) for scope in scopes] == ["Werkzeuge benutzen", "Read reports"]
    choose_texts(["fr"])
    assert [scope_words(scope) for scope in scopes] == ["Use MCP servers as you", "Read reports"]


async def test_the_apps_that_come_after_are_one_link_away(facade: Facade) -> None:
    """A page of somebody's account holds so many, and leads to the next ones and back to the first."""
    answer = AccountPage(username="ada", apps=[ConnectedApp(), ConnectedApp()], more_apps=3)
    middle = Page(account_page(facade, new_browser(), "session", answer, skip_apps=50))
    answer.more_apps = 0
    only = Page(account_page(facade, new_browser(), "session", answer))

    links = [link["href"] for link in middle.all("a")]
    assert links[:2] == ["/auth/account?from=52", "/auth/account"]
    assert "3 more apps" in middle.words
    assert not [link["href"] for link in only.all("a") if (link["href"] or "").startswith("/auth/account?")]


@pytest.mark.parametrize("path", ["/account", "/account/disconnect", "/admin", "/admin/act"])
@pytest.mark.parametrize(
    "reason", ["FORM_EXPIRED", "LOGIN_REQUIRED", "NOT_FOUND", "INVALID_REQUEST", "METHOD_NOT_ALLOWED"]
)
async def test_who_was_at_a_page_of_ours_is_led_back_there(facade: Facade, path: str, reason: str) -> None:
    """Nobody who came to look at their own account is told to go back to an app; the one link is within this server."""
    refusal = Refusal(reason, _EVIL)
    page = Page(refusal_page(facade.pages, refusal, get_answer(refusal), "0", "", path))

    assert [link["href"] for link in page.all("a")] == ["/auth/" + path.split("/")[1]]
    assert not re.search(r"\bapp\b", page.words.replace(_EVIL, ""))


async def test_where_there_is_no_console_nobody_is_led_in_a_circle(facade: Facade) -> None:
    """Console.OperatorGroup = off: the one link of its page leads to what is there."""
    refusal = Refusal("CONSOLE_OFF")
    page = Page(refusal_page(facade.pages, refusal, get_answer(refusal), "0", "", "/admin"))

    assert [link["href"] for link in page.all("a")] == ["/auth/account"]


async def test_whom_a_provider_has_named_in_vain_may_try_as_somebody_else(facade: Facade) -> None:
    """OpenID Connect Core §3.1.2.1: prompt=login, or the provider would name the same account again."""
    refusal = Refusal("UPSTREAM_USER_REFUSED", "not let in")
    refusal.back_to = "account"
    page = Page(refusal_page(facade.pages, refusal, get_answer(refusal), "0", "", "/login/callback/<provider>"))

    assert [link["href"] for link in page.all("a")] == ["/auth/account?prompt=login"]


async def test_a_refused_redirect_uri_is_named_with_the_setting(facade: Facade) -> None:
    """Operators need the URI and the setting in one place; the user is told what to do."""
    refusal = Refusal("INVALID_REDIRECT_URI", "not allowed")
    query = "client_id=a&redirect_uri=https%3A%2F%2Fevil.example%2Fcb"
    page = Page(refusal_page(facade.pages, refusal, get_answer(refusal), "0", query))

    assert "https://evil.example/cb" in page.words
    assert "Server.OAuthAllowedRedirectURI" in page.words
    assert "remove the connection" in page.words
