"""What people read whose browser wishes for German, after much has gone wrong: no English, and no bare code."""

import re
from html.parser import HTMLParser

import httpx
import pytest

from facade.texts.languages import CATALOGUES, ENGLISH
from tests.facade.endpoints.operator import Operator, connect, refreshes
from tests.facade.pair import Pair
from tests.facade.road import REDIRECT_URI, Visit, register

_SPOKEN = {"alt", "title", "placeholder", "aria-label", "aria-description", "label", "data-label"}
#: What somebody else chose, and what is set off as an identifier or a time.
_OTHERS = {"bdi", "time"}
_BARE_CODE = re.compile(r"\b(?:[a-z0-9]+_)+[a-z0-9]+\b|\b[A-Z]+(?:_[A-Z]+)+\b")
#: Parameters and members by their standards' names, within a sentence of ours about them.
_OF_STANDARDS = {
    "client_id", "redirect_uri", "grant_type", "grant_types", "response_type", "code_verifier", "code_challenge",
    "code_challenge_method", "client_assertion", "authorization_code", "refresh_token", "device_code",
}  # fmt: skip


class _Read(HTMLParser):
    """What is read or heard of a page: all of it, and of that what is this server's own."""

    def __init__(self, page: httpx.Response) -> None:
        super().__init__()
        self.all: list[str] = []
        self.own: list[str] = []
        self._around: list[str] = []
        self.feed(page.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = [value for name, value in attrs if name in _SPOKEN and value]
        self.all += told
        self.own += told
        if tag not in {"meta", "link", "img", "input", "br", "wbr", "rect"}:
            self._around.append("bdi" if ("class", "code") in attrs else tag)

    def handle_endtag(self, tag: str) -> None:
        if self._around:
            self._around.pop()

    def handle_data(self, data: str) -> None:
        self.all.append(data)
        if not _OTHERS & {*self._around}:
            self.own.append(data)


def _pieces(language: str) -> set[str]:
    """What stands between the placeholders of a catalogue's texts."""
    entries = CATALOGUES[language].entries.values()
    forms = [form for entry in entries for form in ([entry] if isinstance(entry, str) else entry.values())]
    return {piece.strip(" .,;:") for form in forms for piece in re.split(r"\{[a-z]+\}", form)}


def _english_in(page: httpx.Response) -> set[str]:
    read = _Read(page)
    seen, german = " ".join(" ".join(read.all).split()), " ".join(_pieces("de"))
    sentences = {piece for piece in _pieces("en") if len(piece.split()) > 2 and piece not in german}
    words = {" ".join(text.split()) for text in read.own} & (_pieces("en") - _pieces("de"))
    codes = {code for text in read.own for code in _BARE_CODE.findall(text)} - _OF_STANDARDS
    # What the core says itself of what this version has no words for.
    fallen_back = {text for text in read.all if text.startswith("refused: ")}
    return {piece for piece in sentences if piece in seen} | words | codes | fallen_back


@pytest.fixture(scope="module")
def app(pair: Pair) -> str:
    """The client_id of one that has done much wrong; and others have."""
    visit = Visit(pair, register(pair, name="Fehler"))
    for changes in (
        {"redirect_uri": "https://fremd.example/cb"}, {"redirect_uri": "javascript:1"}, {"redirect_uri": ""},
        {"response_type": "token"}, {"resource": "https://fremd.example/mcp"}, {"resource": "http://fremd.example/"},
        {"resource": "x"}, {"code_challenge": ""}, {"code_challenge_method": "plain"}, {"prompt": "none"},
    ):  # fmt: skip
        visit.start(**changes)
    for client_id in ("https://fremd.example/c", "https://localhost:1/c", "https://10.0.0.1/c", "client_fremd"):
        Visit(pair, client_id).start()
    mistyping = Visit(pair, visit.client_id)
    mistyping.log_in(mistyping.start(), "falsch", "niemand")
    again = Visit(pair, visit.client_id)
    again.redeem(again.code(), code_verifier="x" * 43)
    code = visit.code()
    token = visit.redeem(code).json()["refresh_token"]
    visit.redeem(code)
    for presented in (token, "thr_" + "0" * 60):
        assert not refreshes(pair, visit.client_id, presented)
    _, others = connect(pair, "Andere")
    assert not refreshes(pair, visit.client_id, others)
    for grant_type in ("password", "client_credentials"):
        pair.client.post("/oauth/v1/token", data={"grant_type": grant_type, "client_id": visit.client_id})
    refusing = Visit(pair, visit.client_id)
    refusing.send(refusing.consent_page(), "/consent", decision="deny")
    for uris in (["https://fremd.example/cb"], [], ["ftp://x/y"], [REDIRECT_URI, "https://fremd.example/out"]):
        pair.client.post("/oauth/v1/register", json={"redirect_uris": uris})
    return visit.client_id


@pytest.fixture(scope="module")
def reader(pair: Pair, app: str) -> Operator:
    """An operator who has blocked it, and reads German from then on."""
    operator = Operator(pair)
    operator.sign_in()
    operator.act("block_client", app)
    Visit(pair, app).start()
    operator.browser.headers["Accept-Language"] = "de"
    return operator


@pytest.mark.parametrize(
    "path",
    [
        "/admin", "/admin/clients", "/admin/client?client_id={app}", "/admin/users", "/admin/user?username=admin",
        "/admin/grants?ended=1", "/admin/keys", "/admin/connections", "/admin/connections?client_id={app}",
        "/admin/audit", "/admin/audit?client_id={app}", "/admin/limits", "/admin/statistics",
        "/admin/act?act=unblock_client&target={app}", "/admin/client?client_id=niemand", "/account",
        "/account/password", "/account/passkeys", "/account/second-factor", "/device",
    ],
)  # fmt: skip
def test_nothing_is_left_in_english(reader: Operator, app: str, path: str) -> None:
    """RFC 9110 §12.5.4: whatever has happened, the pages of operators and of users tell it in the reader's language."""
    page = reader.browser.get(path.format(app=app))

    assert page.headers["content-language"] == "de"
    assert "<h1" in page.text
    assert _english_in(page) == set()


def test_each_grant_is_told_in_german(reader: Operator, app: str) -> None:
    """Its lineage, its end and the verdicts on what was presented for it."""
    listed = reader.get("/admin/grants", client_id=app, ended="1").text
    paths = {*re.findall(r'href="(/admin/grant\?grant_id=[0-9a-f]{32})"', listed)}

    assert len(paths) > 1
    assert {piece for path in paths for piece in _english_in(reader.browser.get(path))} == set()


def test_a_refused_request_is_told_in_german(pair: Pair) -> None:
    """RFC 6749 §4.1.2.1: what ends on a page, at the authorization endpoint and where logins and answers go."""
    known = Visit(pair, register(pair))
    faults = [
        {"client_id": ""}, {"client_id": "client_fremd"}, {"client_id": "https://localhost/../c"},
        {"client_id": "https://fremd.example/c"}, {"client_id": "https://localhost:1/c"}, {"redirect_uri": ""},
        {"redirect_uri": "https://fremd.example/cb"}, {"redirect_uri": "http://127.0.0.1/#f"},
        {"redirect_uri": "http://127.0.0.1/a?code=1"}, {"redirect_uri": "x" * 3000},
    ]  # fmt: skip
    known.browser.headers["Accept-Language"] = "de"
    pages = [known.start(**fault) for fault in faults]
    pages += [known.browser.get(path) for path in ("/login/callback/fremd?state=x", "/login", "/nirgends", "/admin/x")]
    pages += [known.browser.post(path, data={"x": "y"}) for path in ("/login", "/consent")]
    pages.append(known.log_in(known.start(), "falsch", "niemand"))

    assert min(page.status_code for page in pages) >= 400
    assert {piece for page in pages for piece in _english_in(page)} == set()


def test_english_would_be_found(reader: Operator) -> None:
    """The look is a real one: the same page in English is full of it."""
    page = reader.browser.get("/admin/connections", headers={"Accept-Language": "en"})

    assert {str(ENGLISH.text("console.attempts")), "its document cannot be used"} <= _english_in(page)


def test_no_code_would_go_unseen() -> None:
    """One that has no words is a code between words of ours."""
    page = httpx.Response(200, text='<p>abgelehnt: of_tomorrow</p><p title="ALSO_THIS">x<bdi>not_this</bdi></p>')

    assert _english_in(page) == {"of_tomorrow", "ALSO_THIS"}
