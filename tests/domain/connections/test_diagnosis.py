"""Each fault has one rule, made of what was seen and of the policy in force; what was overcome is none."""

from dataclasses import replace

import pytest

from core.domain.connections.attempt import Attempt
from core.domain.connections.diagnosis import diagnose, state_of
from core.domain.connections.event import Happening, Step, shown_client_id, shown_uri
from core.domain.connections.finding import Fault, Finding
from core.domain.connections.reads import ReadOf, Reads
from core.domain.connections.words import describe_happening
from core.domain.grants.redemption import CodeVerdict
from core.domain.grants.refresh_verdict import RefreshVerdict
from core.domain.policy import Policy
from core.domain.tokens.validation import Inactive
from tests.domain.house import MCP, POLICY

_NOW = 1_800_000_000_000
_TOKEN = Happening(Step.TOKEN, "redeemed")
_GOOD = Happening(Step.VALIDATION, "active")
_DOCUMENT = "/.well-known/oauth-authorization-server"


def refused(step: Step, outcome: str, about: str = "") -> Happening:
    """A refusal."""
    return Happening(step, outcome, refused=True, about=about)


def an_attempt(*happenings: Happening) -> Attempt:
    """One in which this was seen, one second after the other, the last a moment ago."""
    attempt = Attempt("0" * 16, "client_x", _NOW - len(happenings) * 1000, b"client_x")
    for number, happening in enumerate(happenings):
        attempt.note(happening, attempt.began_ms + number * 1000)
    return attempt


def find(attempt: Attempt, policy: Policy = POLICY, *, reads: tuple[Reads, ...] = (), later: int = 0) -> list[Finding]:
    """What is the matter, `later` seconds after it was seen."""
    return diagnose(attempt, reads, policy, _NOW + later * 1000)


def test_a_redirect_uri_that_is_allowed_by_now() -> None:
    """REDIRECT_URI_NOT_ALLOWED names the setting until it is made, and then says that it was (RFC 9700 §4.1.3)."""
    uri = "https://tool.example.com/callback"
    attempt = an_attempt(refused(Step.REGISTRATION, "redirect_uri_not_allowed", uri))
    [before], [after] = find(attempt), find(attempt, replace(POLICY, allowed_redirect_uris=(uri,)))

    assert (before.fault, before.setting) == (
        Fault.REDIRECT_URI_NOT_ALLOWED,
        f"[Server] OAuthAllowedRedirectURI = {uri}",
    )
    assert (after.setting, "it is now: connect again" in after.words) == ("", True)


def test_a_redirect_uri_that_was_left_out() -> None:
    """REDIRECT_URI_NOT_REGISTERED says which setting keeps the client from registering it."""
    uri = "https://tool.example.com/callback"
    [found] = find(an_attempt(refused(Step.AUTHORIZE, "redirect_uri_not_registered", uri)))
    [local] = find(an_attempt(refused(Step.AUTHORIZE, "redirect_uri_not_registered", "http://127.0.0.1/other")))

    assert found.setting == f"[Server] OAuthAllowedRedirectURI = {uri}"
    assert local.setting == ""


def test_each_redirect_uri_has_its_finding() -> None:
    """Registrations that are refused have no client_id: what comes from one network stands together, all of it."""
    uris = ["https://a.example.com/cb", "https://b.example.com/cb"]
    found = find(an_attempt(*(refused(Step.REGISTRATION, "redirect_uri_not_allowed", uri) for uri in uris)))

    assert [each.setting for each in found] == [f"[Server] OAuthAllowedRedirectURI = {uri}" for uri in uris]


def test_a_redirect_uri_whose_query_is_not_kept() -> None:
    """The entry named is one that can be written, and allows it; an exact one may have another query."""
    attempt = an_attempt(refused(Step.REGISTRATION, "redirect_uri_not_allowed", "https://tool.example.com/a/cb?…"))
    [found] = find(attempt)
    [still] = find(attempt, replace(POLICY, allowed_redirect_uris=("https://tool.example.com/a/cb",)))
    [now] = find(attempt, replace(POLICY, allowed_redirect_uris=("https://tool.example.com/a/",)))

    assert found.setting == still.setting == "[Server] OAuthAllowedRedirectURI = https://tool.example.com/a/"
    assert "it is now" in now.words


@pytest.mark.parametrize(
    "outcome", ["redirect_uri_not_allowed", "redirect_uri_not_registered", "redirect_uri_not_in_document"]
)
@pytest.mark.parametrize(
    ("uri", "wide"),
    [
        ("https://tool.example.com/", True),
        ("https://tool.example.com/cb?…", True),
        ("https://tool.example.com/cb", False),
    ],
)
def test_advice_that_is_wider_than_what_was_asked_says_so(outcome: str, uri: str, wide: bool) -> None:
    """README, OAuthAllowedRedirectURI: an entry with a slash at its end allows everything below it."""
    [finding] = find(an_attempt(refused(Step.AUTHORIZE, outcome, uri)))

    assert finding.setting.startswith("[Server] OAuthAllowedRedirectURI = https://tool.example.com/")
    assert ("allows everything below it" in finding.words) == wide


@pytest.mark.parametrize(
    ("outcome", "who"),
    [
        ("redirect_uri_not_registered", "remove the connection there and add it again"),
        (
            "redirect_uri_not_in_document",
            "add it there; until then a file that lists it, named by [ClientDocuments] File",
        ),
        ("redirect_uri_not_added", "`tokenhouse clients add --redirect-uri`"),
    ],
)
def test_whose_redirect_uri_it_is_says_who_can_change_it(outcome: str, who: str) -> None:
    """REDIRECT_URI_NOT_REGISTERED: a tool by itself (RFC 7591), its maker by the document, or the operator."""
    [found] = find(an_attempt(refused(Step.AUTHORIZE, outcome, "http://127.0.0.1/other")))

    assert (found.fault, who in found.words, found.setting) == (Fault.REDIRECT_URI_NOT_REGISTERED, True, "")


@pytest.mark.parametrize(
    ("sent", "setting"),
    [
        (f"https://tool.example.com/{'x' * 600}", "[Server] OAuthAllowedRedirectURI = https://tool.example.com/"),
        ("https://tool.example.com?key=canary", ""),
        ("tool://cb?key=canary", ""),
    ],
)
def test_a_redirect_uri_that_is_not_kept_whole_is_never_advised(sent: str, setting: str) -> None:
    """A line that would not allow it, or that no start takes, is none; nor is it allowed by what is left of it."""
    shown = shown_uri(sent)
    attempt = an_attempt(refused(Step.REGISTRATION, "redirect_uri_not_allowed", shown))
    [before] = find(attempt)
    [after] = find(attempt, replace(POLICY, allowed_redirect_uris=(shown.removesuffix("…").removesuffix("?"),)))

    assert (before.setting, after.setting) == (setting, setting)
    assert "it is now" not in after.words


def test_a_redirect_uri_that_no_setting_allows() -> None:
    """http on another machine, or a scheme without a host (RFC 9700 §2.1)."""
    [found] = find(an_attempt(refused(Step.REGISTRATION, "redirect_uri_unusable", "http://other.example.com/cb")))

    assert (found.fault, found.setting) == (Fault.REDIRECT_URI_NOT_ALLOWED, "")
    assert "http://other.example.com/cb" in found.words


def test_a_token_that_a_second_service_is_shown() -> None:
    """WRONG_AUDIENCE though the first service took it (RFC 8707 §2)."""
    [found] = find(an_attempt(_TOKEN, _GOOD, refused(Step.VALIDATION, "other_audience", "https://b.example.com")))

    assert (found.fault, "https://b.example.com" in found.words) == (Fault.WRONG_AUDIENCE, True)


def test_a_code_that_came_twice() -> None:
    """CODE_USED_TWICE: the grant has ended, and nothing else is said of its token (RFC 6749 §4.1.2)."""
    attempt = an_attempt(Happening(Step.CODE, "issued"), _TOKEN, refused(Step.TOKEN, "reused"))
    [found] = find(attempt, later=100_000)

    assert (found.fault, state_of(attempt)) == (Fault.CODE_USED_TWICE, "refused")


@pytest.mark.parametrize(
    "sent", ["https:/h?code=c0de", "myapp:x?code=c0de", "https://h.example.com/c.json?code=c0de", "a?code=c0de"]
)
def test_no_client_id_brings_a_query(sent: str) -> None:
    """What stands in a query may be a secret, whatever was sent for a client_id."""
    assert "c0de" not in shown_client_id(sent)
    assert shown_client_id(sent).endswith("?…")


@pytest.mark.parametrize("outcome", ["redirect_uri_not_allowed", "redirect_uri_not_registered"])
def test_what_was_overcome_is_no_fault(outcome: str) -> None:
    """A client that tried another redirect URI first, and then got its code, has nothing the matter."""
    wrong = refused(Step.AUTHORIZE, outcome, "https://tool.example.com/callback")

    assert find(an_attempt(wrong, Happening(Step.CODE, "issued"), _TOKEN, _GOOD)) == []


@pytest.mark.parametrize(
    ("outcome", "words", "setting"),
    [
        ("resource_unknown", f"listed are {MCP}", "[OAuth] Resource = http://other.example.com/"),
        ("resource_not_https", "must be https", ""),
        ("resource_not_granted", "had not named when the user was asked", ""),
    ],
)
def test_a_resource_that_cannot_be_had(outcome: str, words: str, setting: str) -> None:
    """RESOURCE_UNKNOWN for each way in which a resource is refused (RFC 8707 §2)."""
    attempt = an_attempt(refused(Step.AUTHORIZE, outcome, "http://other.example.com/"))
    [found] = find(attempt, replace(POLICY, resources=(MCP,)))

    assert (found.fault, found.setting) == (Fault.RESOURCE_UNKNOWN, setting)
    assert words in found.words


@pytest.mark.parametrize(("lifetime", "silent", "told"), [(3600, 299, False), (3600, 300, True), (60, 60, True)])
def test_a_token_that_stays_unknown(lifetime: int, silent: int, told: bool) -> None:
    """TOKEN_NEVER_PRESENTED after five minutes, or when a token that lives shorter has expired."""
    policy = replace(POLICY, access_token_lifetime=lifetime)
    found = find(an_attempt(Happening(Step.CODE, "issued"), _TOKEN), policy, later=silent - 1)

    assert [each.fault for each in found] == [Fault.TOKEN_NEVER_PRESENTED] * told


def test_a_token_that_was_presented_is_not_unknown() -> None:
    """A revoked user's token was presented: then that is what is told, in the timeline."""
    refusal = refused(Step.VALIDATION, "user_inactive")

    assert find(an_attempt(_TOKEN, refusal), later=3600) == []


def test_a_document_that_came_at_last() -> None:
    """DOCUMENT_REFUSED until the document could be used."""
    broken = refused(Step.DOCUMENT, "client_document_refused", "it is not JSON")

    assert [each.fault for each in find(an_attempt(broken))] == [Fault.DOCUMENT_REFUSED]
    assert find(an_attempt(broken, Happening(Step.DOCUMENT, "fetched"))) == []
    assert find(an_attempt(replace(broken, step=Step.DEVICE), Happening(Step.DEVICE, "started"))) == []


@pytest.mark.parametrize("step", [Step.AUTHORIZE, Step.DEVICE])
def test_a_document_that_the_settings_do_not_take(step: Step) -> None:
    """DOCUMENT_REFUSED names the settings, in a browser and at a terminal."""
    (found,) = find(an_attempt(refused(step, "client_document_unwanted", "this server refuses the apps of its host")))

    assert found.fault is Fault.DOCUMENT_REFUSED
    assert "AllowedDomain" in found.words


@pytest.mark.parametrize(
    ("address", "host", "fits"),
    [
        ("https://auth.example.com", "auth.example.com", True),
        ("https://auth.example.com", "auth.example.com:443", True),
        ("https://auth.example.com", "auth.example.com:8443", False),
        ("https://auth.example.com:8443", "auth.example.com:8443", True),
        ("https://auth.example.com/tenant", "auth.example.com", True),
        ("http://localhost:8080", "127.0.0.1:8080", False),
        ("http://[::1]:8080", "[::1]:8080", True),
    ],
)
def test_whose_host_it_is(address: str, host: str, fits: bool) -> None:
    """ISSUER_DIFFERS compares hosts as URLs do (RFC 3986 §6.2.3), and never after the client has its token."""
    reads = (Reads(ReadOf("192.0.2.1", host, _DOCUMENT, found=True), _NOW, _NOW, 1),)
    policy = replace(POLICY, issuer=address)
    asked = Happening(Step.AUTHORIZE, "login_asked")

    assert [each.fault for each in find(an_attempt(asked), policy, reads=reads)] == [Fault.ISSUER_DIFFERS] * (not fits)
    assert find(an_attempt(asked, _TOKEN, _GOOD), policy, reads=reads) == []


def test_who_looks_for_openid_connect_alone() -> None:
    """OpenID Connect Discovery §4 is not served here; a look for it says nothing of the issuer."""
    reads = (Reads(ReadOf("192.0.2.1", "x.example", "/.well-known/openid-configuration", found=False), _NOW, _NOW, 1),)

    assert find(an_attempt(Happening(Step.REGISTRATION, "registered")), reads=reads) == []


@pytest.mark.parametrize(
    ("happenings", "state"),
    [
        ((Happening(Step.AUTHORIZE, "login_asked"),), "begun"),
        ((Happening(Step.AUTHORIZE, "login_asked"), refused(Step.LOGIN, "login_failed")), "refused"),
        ((refused(Step.LOGIN, "login_failed"), Happening(Step.LOGIN, "succeeded")), "begun"),
        ((Happening(Step.AUTHORIZE, "login_asked"), Happening(Step.CONSENT, "denied")), "refused"),
        ((_TOKEN,), "token_issued"),
        ((_TOKEN, refused(Step.VALIDATION, "other_audience")), "token_issued"),
        ((_TOKEN, _GOOD), "connected"),
    ],
)
def test_how_far_it_came(happenings: tuple[Happening, ...], state: str) -> None:
    """The furthest step decides; a refusal only while nothing came after it."""
    assert state_of(an_attempt(*happenings)) == state


@pytest.mark.parametrize(
    "happening",
    [
        *(Happening(Step.TOKEN, verdict) for verdict in CodeVerdict),
        *(Happening(Step.REFRESH, verdict) for verdict in RefreshVerdict if verdict is not RefreshVerdict.ROTATED),
        # What a client gets wrong most often.
        *(
            refused(Step.AUTHORIZE, why)
            for why in ("invalid_client", "unauthorized_client", "invalid_request", "invalid_client_metadata")
        ),
        # Tokens that are unknown are of no attempt, and while clients are switched off none is looked at.
        *(
            Happening(Step.VALIDATION, why)
            for why in Inactive
            if why not in (Inactive.UNKNOWN, Inactive.CLIENTS_DISABLED)
        ),
    ],
    ids=lambda happening: f"{happening.step} {happening.outcome}",
)
def test_everything_has_words(happening: Happening) -> None:
    """Operators read sentences; a verdict that is new needs one."""
    assert describe_happening(happening) != happening.outcome
    assert not describe_happening(replace(happening, refused=True)).startswith("refused: ")


def test_what_has_no_words_is_told_by_its_reason() -> None:
    """A code of tomorrow is told as it is."""
    assert describe_happening(refused(Step.TOKEN, "of_tomorrow")) == "refused: of_tomorrow"
