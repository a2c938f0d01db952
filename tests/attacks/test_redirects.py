"""Nobody is sent to a redirect URI that has not been verified: URI × the rest of the request × who asks × when.

And at the other endpoints: a code goes with the redirect URI it was made for, and a page that waits while an operator
takes a redirect URI off the list leads there no more.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle, product
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.attacks.combinations import WHEN
from tests.attacks.desk import ALLOWING, DOCUMENT, LISTED, OF_THE_DOCUMENT, Desk, restart
from tests.domain.clients.lookalikes import LOOKALIKES
from tests.facade.pair import Pair
from tests.facade.road import REDIRECT_URI, Visit, register

_SEVERAL = (REDIRECT_URI, "http://localhost/cb", "http://127.0.0.1/callback/2")
_ANOTHERS = "https://vscode.dev/redirect"

#: Whose request cannot be attributed to anybody.
_RECIPIENTS: dict[str, dict[str, str]] = {
    "nobody": {"client_id": ""},
    "an unknown client": {"client_id": "client_nobody"},
    "nowhere": {"redirect_uri": ""},
    "another client's": {"redirect_uri": _ANOTHERS},
    "a document's, another client's": {"client_id": DOCUMENT, "redirect_uri": _ANOTHERS},
    "a document's, not allowed": {"client_id": DOCUMENT, "redirect_uri": OF_THE_DOCUMENT},
    "no document": {"client_id": "https://localhost:1/client.json"},
    "a document inside": {"client_id": "https://10.0.0.1/client.json"},
}
#: What else is in the request, and the error that the client is told where the redirect URI is its own: signed out, in.
_REST: dict[str, tuple[dict[str, str], str, str]] = {
    "good": ({}, "", ""),
    "login": ({"prompt": "login"}, "", ""),
    "silent": ({"prompt": "none"}, "login_required", "consent_required"),
    "token": ({"response_type": "token"}, "unsupported_response_type", "unsupported_response_type"),
    "hybrid": ({"response_type": "code id_token"}, "unsupported_response_type", "unsupported_response_type"),
    "no response_type": ({"response_type": ""}, "invalid_request", "invalid_request"),
    "no challenge": ({"code_challenge": ""}, "invalid_request", "invalid_request"),
    "plain": ({"code_challenge_method": "plain"}, "invalid_request", "invalid_request"),
    "an unknown method": ({"code_challenge_method": "S512"}, "invalid_request", "invalid_request"),
    "bad target": ({"resource": "https://a.example/#x"}, "invalid_target", "invalid_target"),
    "fragment": ({"response_mode": "fragment"}, "invalid_request", "invalid_request"),
    "form_post": ({"response_mode": "form_post"}, "invalid_request", "invalid_request"),
}
_WHO = ("signed out", "signed in")
Waiting = Callable[[], httpx.Response]


@dataclass(frozen=True)
class Answers:
    """Everything that was answered."""

    #: By recipient or look-alike, rest, who asked, and when.
    pages: dict[tuple[str, str, str, str], httpx.Response] = field(default_factory=dict)
    #: By rest, who asked, and when: for a request of the client's own.
    own: dict[tuple[str, str, str], httpx.Response] = field(default_factory=dict)
    #: By the redirect URI that a code was made for, the one that it came with, and when.
    redeemed: dict[tuple[str, str, str], httpx.Response] = field(default_factory=dict)
    #: By page, once its redirect URI is off the list.
    taken_back: dict[str, httpx.Response] = field(default_factory=dict)


@pytest.fixture(scope="module")
def answers(pair: Pair) -> Answers:
    """One crash of the core; the next one has one redirect URI less on its list."""
    told = Answers()
    register(pair, _ANOTHERS, name="Another")
    desk = Desk(pair)
    browsers = {"signed out": Visit(pair, desk.client_id), "signed in": desk.visit}
    several = Desk(pair, register(pair, *_SEVERAL, name="Several"))
    codes = {key: several.code(redirect_uri=key[0]) for key in product(_SEVERAL, _SEVERAL, WHEN)}
    waiting = _open_pages(pair)
    for when in WHEN:
        if when:
            restart(pair, without=ALLOWING)
        for recipient, rest, who in _list_requests(when):
            change = _RECIPIENTS.get(recipient, {"redirect_uri": recipient})
            told.pages[recipient, rest, who, when] = browsers[who].start(**(_REST[rest][0] | change))
        for rest, who in product(_REST, _WHO):
            told.own[rest, who, when] = browsers[who].start(**_REST[rest][0])
        for (made_for, sent, judged), code in codes.items():
            if judged == when:
                told.redeemed[made_for, sent, when] = several.visit.redeem(code, redirect_uri=sent)
    told.taken_back.update({name: answer() for name, answer in waiting.items()})
    return told


def _list_requests(when: str) -> Iterator[tuple[str, str, str]]:
    """Each bad recipient with everything; the look-alikes, half of them after the crash, with one after the other."""
    yield from product(_RECIPIENTS, _REST, _WHO)
    for uri, rest in zip(LOOKALIKES[WHEN.index(when) :: 2], cycle(product(_REST, _WHO)), strict=False):
        yield uri, *rest


def _open_pages(pair: Pair) -> dict[str, Waiting]:
    """Pages of a client whose redirect URI will be taken off the list, each at a browser of its own."""
    client_id = register(pair, LISTED, name="Listed")
    visits = {name: Visit(pair, client_id, LISTED) for name in ("authorize", "login", "logout", "allow", "deny")}
    login = visits["login"].start()
    consent = {name: visits[name].consent_page() for name in ("logout", "allow", "deny")}
    return {
        "authorize": visits["authorize"].start,
        "login": lambda: visits["login"].log_in(login),
        "logout": lambda: visits["logout"].send(consent["logout"], "/logout"),
        "allow": lambda: visits["allow"].send(consent["allow"], "/consent", decision="allow"),
        "deny": lambda: visits["deny"].send(consent["deny"], "/consent", decision="deny"),
    }


def _is_dead_end(response: httpx.Response) -> bool:
    """A page that says what is wrong, and leads nowhere."""
    leads = ("<a ", "<form", "http-equiv", "<script")
    return (
        response.status_code == 400
        and response.headers["content-type"].startswith("text/html")
        and not {"location", "refresh", "set-cookie"} & set(response.headers)
        and not any(lead in response.text for lead in leads)
    )


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("rest", _REST)
def test_nobody_is_sent_to_an_unverified_redirect_uri(answers: Answers, rest: str, when: str) -> None:
    """RFC 6749 §4.1.2.1, RFC 9700 §4.11: a page, whatever else is wrong, for who is signed in as for who is not."""
    asked = {key: response for key, response in answers.pages.items() if (key[1], key[3]) == (rest, when)}

    assert len(asked) > 2 * len(_RECIPIENTS)
    assert [key for key, response in asked.items() if not _is_dead_end(response)] == []


def test_every_lookalike_was_tried(answers: Answers) -> None:
    """CVE-2026-28512, CVE-2026-3872: the whole list of them, not a few."""
    assert {key[0] for key in answers.pages} >= set(LOOKALIKES)


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("who", _WHO)
@pytest.mark.parametrize("rest", _REST)
def test_the_clients_own_redirect_uri_gets_what_the_table_says(
    answers: Answers, rest: str, who: str, when: str
) -> None:
    """RFC 6749 §4.1.2.1, RFC 7636 §4.4.1, RFC 9207 §2: the error in the query, never in a fragment, with state, iss."""
    response, error = answers.own[rest, who, when], _REST[rest][1 + _WHO.index(who)]
    if not error:
        assert (response.status_code, "location" in response.headers) == (200, False)
        return
    location = urlsplit(response.headers["location"])
    query = parse_qs(location.query)

    assert (response.status_code, location._replace(query="").geturl()) == (302, REDIRECT_URI)
    assert (query["error"], query["state"], len(query["iss"])) == ([error], ["a state"], 1)


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("made_for", _SEVERAL)
@pytest.mark.parametrize("sent", _SEVERAL)
def test_a_code_goes_with_its_own_redirect_uri_alone(answers: Answers, made_for: str, sent: str, when: str) -> None:
    """RFC 6749 §4.1.3: also where both are registered for the client."""
    response = answers.redeemed[made_for, sent, when]

    if made_for == sent:
        assert response.status_code == 200
    else:
        assert (response.status_code, response.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("page", ["authorize", "login", "logout", "allow", "deny"])
def test_a_redirect_uri_that_was_taken_off_the_list_gets_nothing(answers: Answers, page: str) -> None:
    """RFC 9700 §4.1.3: not with a yes, not with a no, on no page that was open when the core was started again."""
    response = answers.taken_back[page]

    assert _is_dead_end(response), (response.status_code, response.headers)
