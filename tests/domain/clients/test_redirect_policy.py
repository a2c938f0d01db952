"""Which redirect URIs pass: the same answer at registration, at the authorization endpoint and at the consent."""

import json
import secrets
import time
from urllib.parse import quote

import pytest

from core.config.addresses import parse_allowed_redirect_uri
from core.domain.clients.client import Client
from core.domain.clients.redirect_policy import is_allowed, parse_redirect_uri
from core.domain.clients.registration import RegistrationRequest
from core.domain.errors import InvalidRedirectUri, InvalidRequest, OAuthError
from tests.domain.clients.lookalikes import ALLOWED, GOOD, LOOKALIKES
from tests.domain.house import House
from tests.domain.road import a_client, a_session, a_user, asked, consent_page, decide, register, start


def _client_kept_with(house: House, redirect_uri: str) -> Client:
    """A row as an older, laxer policy could have left it."""
    client_id = f"client_{secrets.token_hex(8)}"
    client = Client(client_id, "{}", "kept", (redirect_uri,), ("authorization_code",), house.clock.now())
    return house.store.write(lambda tx: tx.register_client(client))


def test_the_corpus_is_large_and_has_no_double() -> None:
    """At least 60 look-alikes."""
    assert len(set(LOOKALIKES)) == len(LOOKALIKES) >= 60


@pytest.mark.parametrize("uri", LOOKALIKES, ids=lambda uri: quote(uri[:60], safe=":/") or "empty")
def test_a_lookalike_is_refused_at_registration_and_at_authorize(house: House, uri: str) -> None:
    """RFC 9700 §4.1, CVE-2026-28512, CVE-2026-3872, CVE-2025-4143: refused on both roads, never redirected to."""
    with house.under(allowed_redirect_uris=ALLOWED):
        with pytest.raises(InvalidRedirectUri):
            register(house, {"redirect_uris": [uri]})
        for client in (a_client(house), _client_kept_with(house, uri)):
            with pytest.raises((InvalidRedirectUri, InvalidRequest)):
                start(house, asked(client, redirect_uri=uri))


def test_the_port_that_stands_for_any_is_none() -> None:
    """RFC 6335 §6: port 0 is reserved, and a listener that asks for it gets another one; the refusal says so."""
    with pytest.raises(InvalidRedirectUri, match=r"http://127\.0\.0\.1:0/cb names port 0, which nobody listens at"):
        parse_redirect_uri("http://127.0.0.1:0/cb")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "app.example.com", "vscode.dev"])
@pytest.mark.parametrize(
    "shape",
    ["user@{}", "user:pass@{}", "@{}", "{}@", "{}:80@{}", "{}%40x", "{}:", "{}\\x", "[{}]", "[::1]{}", "{}[::1]"],
)
def test_an_authority_with_more_than_host_and_port_is_not_even_read(host: str, shape: str) -> None:
    """CVE-2026-28512: refused by its form, so that no setting can let it in by mistake."""
    for scheme in ("https", "http", "myapp"):
        with pytest.raises(InvalidRedirectUri):
            parse_redirect_uri(f"{scheme}://{shape.format(host, host)}/callback")


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f.1", "app.example.0x", "00.0.0.0", "0177.0.0.1", "256.1.1.1", "1.1.1.1."]
)
def test_an_address_in_another_spelling_is_not_even_read(host: str) -> None:
    """WHATWG URL, ends-in-a-number checker: browsers take such a host for an address, other readers for a name."""
    for scheme in ("https", "myapp"):
        with pytest.raises(InvalidRedirectUri):
            parse_redirect_uri(f"{scheme}://{host}/callback")
    assert parse_redirect_uri("https://192.0.2.1:8443/callback").host == "192.0.2.1"


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("", "redirect_uri '' must be an absolute URI with a host, its scheme in lower case"),
        ("/callback", "redirect_uri '/callback' must be an absolute URI with a host, its scheme in lower case"),
        ("com.example.app:/cb", "redirect_uri 'com.example.app:/cb' must be an absolute URI with a host, its scheme"),
        ("HTTPS://a.example/", "redirect_uri 'HTTPS://a.example/' must be an absolute URI with a host, its scheme in"),
        ("javascript:alert(1)", "redirect_uri javascript:alert(1): no browser is ever sent to javascript:"),
        ("http://localhost/#f", "redirect_uri http://localhost/#f must not have a fragment (RFC 6749 section 3.1.2)"),
        ("http://localhost/\u00e9\\", "redirect_uri http://localhost/%C3%A9%5C has characters that a URI cannot have"),
        ("http://localhost/\ud800\n", "redirect_uri http://localhost/?%0A has characters that a URI cannot have"),
        ("http://evil.example/", "redirect_uri http://evil.example/ must be https, or http on this machine"),
    ],
)
def test_the_refusal_says_what_is_wrong(uri: str, said: str) -> None:
    """RFC 6749 §5.2: every letter of it may stand in an error_description, so none became a question mark."""
    with pytest.raises(InvalidRedirectUri) as refused:
        parse_redirect_uri(uri)
    assert refused.value.description.startswith(said)


@pytest.mark.parametrize("uri", GOOD)
def test_an_allowed_uri_passes_at_registration_and_at_authorize(house: House, uri: str) -> None:
    """The defaults of the setting, an entry with a slash at its end, and an exact one."""
    with house.under(allowed_redirect_uris=ALLOWED):
        client = a_client(house, redirect_uris=[uri])
        session = a_session(house, a_user(house))
        prompt = consent_page(house, asked(client, redirect_uri=uri), session)
        assert prompt.request.recipient.redirect_uri.text == uri
        assert "code" in decide(house, prompt.sealed_request, session)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
@pytest.mark.parametrize("registered", ["", ":33418"])
@pytest.mark.parametrize("requested", ["", ":1", ":33418", ":65535"])
def test_only_the_port_of_this_very_machine_may_vary(house: House, host: str, registered: str, requested: str) -> None:
    """RFC 8252 §7.3: any port, whether the registered URI names one or not."""
    client = a_client(house, redirect_uris=[f"http://{host}{registered}/cb"])
    prompt = start(house, asked(client, redirect_uri=f"http://{host}{requested}/cb"))
    assert not isinstance(prompt, OAuthError)


@pytest.mark.parametrize(
    "requested",
    [
        "http://127.0.0.1:8080/cb",
        "http://[::1]:8080/cb",
        "http://localhost:8080/cb/",
        "http://localhost:8080/CB",
        "http://localhost:8080/",
        "http://localhost:8080",
        "http://localhost:8080/cb?x=1",
        "https://vscode.dev/redirect",
    ],
)
def test_path_query_and_host_of_a_loopback_uri_stay_exact(house: House, requested: str) -> None:
    """CVE-2024-8883, CVE-2020-15233: the exception is for the port and for nothing else."""
    client = a_client(house, redirect_uris=["http://localhost:8080/cb"])
    with pytest.raises(InvalidRedirectUri):
        start(house, asked(client, redirect_uri=requested))


@pytest.mark.parametrize("registered", ["https://app.example.com:8443/cb", "https://app.example.com/cb"])
def test_the_port_of_another_machine_never_varies(house: House, registered: str) -> None:
    """RFC 9700 §4.1.3: simple string comparison."""
    with house.under(allowed_redirect_uris=("https://app.example.com/", "https://app.example.com:8443/")):
        client = a_client(house, redirect_uris=[registered])
        other = ({"https://app.example.com:8443/cb", "https://app.example.com/cb"} - {registered}).pop()
        with pytest.raises(InvalidRedirectUri):
            start(house, asked(client, redirect_uri=other))


ENTRIES = [
    ("https://a.example/", "https://a.example/", True),
    ("https://a.example/", "https://a.example/x?y=z", True),
    ("https://a.example/", "https://a.example", False),
    ("https://a.example/", "https://a.example:443/", False),
    ("https://a.example:8443/", "https://a.example:8443/x", True),
    ("https://a.example:8443/", "https://a.example/x", False),
    ("https://A.Example:443/", "https://a.example/x", True),
    ("https://A.Example/x", "https://a.example/x", False),
    ("https://a.example/x/", "https://a.example/x/y", True),
    ("https://a.example/x/", "https://a.example/xy", False),
    ("https://a.example/x", "https://a.example/x", True),
    ("https://a.example/x", "https://a.example/x/", False),
    ("https://a.example/x", "https://a.example/x?y", False),
    ("https://a.example/x", "https://a.example/xy", False),
    ("myapp://callback/", "myapp://callback/done", True),
    ("myapp://callback/", "otherapp://callback/done", False),
]


@pytest.mark.parametrize(("entry", "uri", "passes"), ENTRIES)
def test_an_entry_with_a_slash_at_its_end_allows_what_lies_below(entry: str, uri: str, passes: bool) -> None:
    """Server.OAuthAllowedRedirectURI: below on the same scheme, host and port; any other entry is exact."""
    assert is_allowed(parse_redirect_uri(uri), (parse_allowed_redirect_uri(entry),)) is passes


def test_a_policy_taken_back_is_refused_at_authorize_and_at_consent(house: House) -> None:
    """The same policy at registration, at authorize, and again when the code is made."""
    uri = "https://workbench.example.com/s/cb"
    session = a_session(house, a_user(house))
    with house.under(allowed_redirect_uris=ALLOWED):
        client = a_client(house, redirect_uris=[uri])
        prompt = consent_page(house, asked(client, redirect_uri=uri), session)
    with pytest.raises(InvalidRedirectUri):
        start(house, asked(client, redirect_uri=uri))
    for approved in (True, False):
        with pytest.raises(InvalidRedirectUri):
            decide(house, prompt.sealed_request, session, approved=approved)
    with house.under(allowed_redirect_uris=ALLOWED):
        assert "code" in decide(house, prompt.sealed_request, session)


@pytest.mark.parametrize("letter", ["a", "/", ".", "@", "%", ":", "[", "?", "../", "%2e", "\u20ac"])
def test_a_megabyte_is_refused_fast(house: House, letter: str) -> None:
    """CVE-2022-36087's class: length is looked at before form, whatever the text."""
    uri = "http://localhost/" + letter * (1_000_000 // len(letter))
    body = json.dumps({"redirect_uris": [uri], "client_name": letter * 100}).encode()
    client = a_client(house)
    began = time.thread_time()
    with pytest.raises(OAuthError):
        house.registrations.register(RegistrationRequest(body, ""))
    with pytest.raises(OAuthError):
        start(house, asked(client, redirect_uri=uri))
    # Of this thread's own CPU time: what else the machine does is not counted.
    assert time.thread_time() - began < 1
