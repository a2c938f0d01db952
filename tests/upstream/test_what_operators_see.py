"""What `tokenhouse doctor connections` knows of somebody who signs in at another provider."""

from tests.rpc.connections import last_attempt, look, steps_of
from tests.upstream.road import Away
from tests.upstream.test_signing_in import refusal_of


def test_the_way_there_and_back_is_in_the_timeline(away: Away) -> None:
    """README, When a tool does not connect: the user went elsewhere, came back, and was shown the consent page."""
    away.sign_in()
    away.road.start(away.road.session_token)

    attempt = last_attempt(away.serving, away.road.client_id)
    assert steps_of(attempt)[1:] == [
        ("authorize", "login_asked"),
        ("login", "went_elsewhere"),
        ("login", "succeeded"),
        ("authorize", "consent_asked"),
    ]
    assert attempt.username == away.account


def test_an_answer_that_proves_nothing_is_a_refusal(away: Away) -> None:
    """One that comes twice is refused, and belongs to the same attempt; neither code nor state is told."""
    answer = away.answer()
    away.finish(answer)
    refusal_of(away, answer)

    attempt = last_attempt(away.serving, away.road.client_id)
    assert steps_of(attempt)[-2:] == [("login", "succeeded"), ("login", "upstream_login_failed")]
    assert (attempt.state, attempt.events[-1].refused) == ("refused", True)
    told = str(look(away.serving))
    assert answer["code"] not in told
    assert answer["state"] not in told


def test_an_answer_that_tells_nothing_is_nobodys(away: Away) -> None:
    """What has no state of ours belongs to no attempt, and begins none."""
    away.url()
    before = steps_of(last_attempt(away.serving, away.road.client_id))
    refusal_of(away, {"code": "made up", "state": "made up"})

    assert steps_of(last_attempt(away.serving)) == before
