"""Every endpoint while the core is down, frozen or slow, and after, as one matrix."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from tests.faults.absence_story import API, DOCUMENTS, PAGES, Story, tell_story
from tests.faults.absences import ABSENCES


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Story]:
    """All of them, side by side: they wait most of the time."""
    folders = {name: tmp_path_factory.mktemp(name) for name in ABSENCES}
    with ThreadPoolExecutor(len(ABSENCES)) as pool:
        told = {name: pool.submit(tell_story, make(folders[name]), folders[name]) for name, make in ABSENCES.items()}
        return {name: story.result() for name, story in told.items()}


@pytest.fixture(params=ABSENCES)
def story(request: pytest.FixtureRequest, stories: Mapping[str, Story]) -> Story:
    """One of them."""
    return stories[request.param]


@pytest.mark.parametrize("endpoint", API)
def test_clients_are_told_to_come_back(story: Story, endpoint: str) -> None:
    """503 with Retry-After and JSON that says temporarily_unavailable, readable by scripts."""
    response = story.during[endpoint]

    assert (response.status_code, response.json()["error"]) == (503, "temporarily_unavailable")
    assert int(response.headers["retry-after"]) > 0
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("endpoint", PAGES)
def test_people_are_told_to_come_back(story: Story, endpoint: str) -> None:
    """A page with 503 and Retry-After; no redirect, since nobody has verified the client."""
    response = story.during[endpoint]

    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0
    assert response.headers["content-type"].startswith("text/html")
    assert "location" not in response.headers


@pytest.mark.parametrize("document", DOCUMENTS)
def test_public_documents_go_on_being_served(story: Story, document: str) -> None:
    """Metadata and keys are served as the core last told them (RFC 5861 §4)."""
    before, during = story.before[document], story.during[document]

    assert during.status_code == 200
    assert during.content == before.content
    assert during.headers["etag"] == before.headers["etag"]


def test_health_tells_the_two_apart(story: Story) -> None:
    """The facade lives, and cannot do its work."""
    assert story.during["livez"].status_code == 200
    assert story.during["readyz"].status_code == 503
    assert int(story.during["readyz"].headers["retry-after"]) > 0


def test_validation_is_never_answered_falsely(story: Story) -> None:
    """A service learns that it cannot know: neither that the token is good nor that it is not."""
    assert story.validation in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)


def test_nobody_calls_it_an_accident(story: Story) -> None:
    """No incident, no traceback: this was to be expected."""
    assert "incident" not in story.logs
    assert "Traceback" not in story.logs


_ANSWERS = {
    "token with a refresh token": 200,
    "token of a program": 200,
    "revoke": 200,
    "introspect": 200,
    "register": 201,
    "device authorization": 200,
    "device": 200,
    "authorize": 200,
    "login": 303,
    "livez": 200,
    "readyz": 200,
    **dict.fromkeys(DOCUMENTS, 200),
}


@pytest.mark.parametrize("endpoint", _ANSWERS)
def test_the_same_request_succeeds_once_the_core_is_back(story: Story, endpoint: str) -> None:
    """Whoever comes back is served, without anybody's help: no session, no grant, no form was lost meanwhile."""
    assert story.after[endpoint].status_code == _ANSWERS[endpoint]


def test_what_works_once_was_not_used_up(story: Story) -> None:
    """What nobody waited for any longer did not happen later: a code that got 503 is redeemed by the next request."""
    after = story.after

    assert after["token with a code"].status_code == 200
    assert "code=thc_" in after["consent"].headers["location"]
