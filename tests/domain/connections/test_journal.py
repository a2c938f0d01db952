"""The journal is bounded whoever sends what, and finds an attempt again by what each request tells about it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from core.domain.connections.attempt import MOST_EVENTS, Attempt, Trace
from core.domain.connections.diagnosis import state_of
from core.domain.connections.event import Happening, Step, shown_client_id, shown_uri
from core.domain.connections.journal import MOST_ATTEMPTS, MOST_OF_ONE_CLIENT, TOGETHER_MS, Journal
from core.domain.connections.reads import MOST_READS, MetadataReads
from core.domain.tokens.change import Change, ChangeKind
from tests.fakes.clock import ManualClock

_REGISTERED = Happening(Step.REGISTRATION, "registered")
_ASKED = Happening(Step.AUTHORIZE, "login_asked")
_REDEEMED = Happening(Step.TOKEN, "redeemed")


@pytest.fixture
def clock() -> ManualClock:
    """Time by hand."""
    return ManualClock()


@pytest.fixture
def journal(clock: ManualClock) -> Journal:
    """An empty one."""
    return Journal(clock)


def clients_of(journal: Journal) -> list[str]:
    """The clients of all attempts, the last one first."""
    return [attempt.client_id for attempt in journal.list_attempts()]


def test_the_oldest_goes(journal: Journal) -> None:
    """There are never more attempts than there may be, and what was known of the one that goes goes with it."""
    for number in range(MOST_ATTEMPTS + 1):
        journal.note(Trace(f"client {number}", grant_id=f"{number:032x}"), _REDEEMED)

    assert len(journal.list_attempts()) == len(journal.expected) == MOST_ATTEMPTS
    assert not journal.knows(f"{0:032x}")
    assert journal.knows(f"{1:032x}")


def test_no_client_drives_out_the_others(journal: Journal) -> None:
    """One that begins attempt after attempt loses its own oldest ones."""
    journal.note(Trace("quiet"), _ASKED)
    for number in range(MOST_ATTEMPTS):
        journal.note(Trace("loud", challenge=bytes([number // 256, number % 256])), _ASKED)

    assert clients_of(journal).count("loud") == MOST_OF_ONE_CLIENT
    assert clients_of(journal)[-1] == "quiet"


def test_what_a_user_has_decided_is_not_pushed_out(journal: Journal) -> None:
    """Anybody can open authorization pages for a client that is known: those make room for one another."""
    journal.note(Trace("tool", grant_id="aa"), _REDEEMED)
    for number in range(MOST_ATTEMPTS):
        journal.note(Trace("tool", challenge=bytes([number // 256, number % 256])), _ASKED)

    assert journal.knows("aa")
    assert len(journal.list_attempts()) == MOST_OF_ONE_CLIENT


def test_what_an_attempt_came_to_stays(journal: Journal, clock: ManualClock) -> None:
    """However much is seen afterwards, a token that was issued is not forgotten."""
    for number in range(MOST_EVENTS):
        clock.advance(1)
        journal.note(Trace("tool", challenge=b"c"), Happening(Step.AUTHORIZE, "login_asked", about=str(number)))
    journal.note(Trace("tool", challenge=b"c", grant_id="bb"), _REDEEMED)
    for number in range(2 * MOST_EVENTS):
        clock.advance(1)
        journal.note(Trace("tool", grant_id="bb"), Happening(Step.REFRESH, "replayed", about=str(number)))
    [attempt] = journal.list_attempts()

    assert len(attempt.events) == MOST_EVENTS
    assert attempt.has(Step.TOKEN, "redeemed")


def test_a_grant_that_was_ended_is_over(journal: Journal) -> None:
    """Whoever has ended it; other grants, and other changes, are not concerned (RFC 7009 §2)."""
    for grant_id in ("aa", "bb"):
        journal.note(Trace("tool", grant_id=grant_id), _REDEEMED)
    journal.revoked([Change(1, ChangeKind.GRANT_REVOKED, "aa", 0, 9), Change(2, ChangeKind.CLIENT_REVOKED, "bb", 0, 9)])

    assert [state_of(attempt) for attempt in journal.list_attempts()] == ["token_issued", "refused"]


def test_unknown_clients_share_one_place(journal: Journal) -> None:
    """Names that anybody can make up drive out no client that is known."""
    journal.note(Trace("known"), _ASKED)
    for number in range(MOST_ATTEMPTS):
        journal.note(Trace(f"made up {number}", stranger=True), _ASKED)

    assert len(journal.list_attempts()) == MOST_OF_ONE_CLIENT + 1
    assert clients_of(journal)[-1] == "known"


def test_events_are_bounded(journal: Journal, clock: ManualClock) -> None:
    """Of too many the first and the last stay; what happens again and again is one event with a count."""
    for number in range(100):
        clock.advance(1)
        journal.note(Trace("client", grant_id="00"), Happening(Step.VALIDATION, "other_audience", about=str(number)))
    for _ in range(100):
        clock.advance(1)
        journal.note(Trace("client", grant_id="00"), _ASKED)
    [attempt] = journal.list_attempts()

    assert len(attempt.events) == MOST_EVENTS
    assert attempt.events[0].happening.about == "0"
    assert (attempt.events[-1].count, attempt.events[-1].last_at_ms - attempt.events[-1].at_ms) == (100, 99_000)


def test_a_registration_waits_ten_minutes(journal: Journal, clock: ManualClock) -> None:
    """The next request of the client takes it over, but not one that comes later than that."""
    journal.note(Trace("client", network="192.0.2.1"), _REGISTERED)
    clock.advance(TOGETHER_MS / 1000)
    journal.note(Trace("client", b"late", network="192.0.2.1"), _ASKED)
    journal.note(Trace("client", network="192.0.2.1"), _REGISTERED)
    journal.note(Trace("client", b"soon", network="192.0.2.2"), _ASKED)

    found = [[event.happening.step for event in attempt.events] for attempt in journal.list_attempts()]
    assert found == [[Step.REGISTRATION, Step.AUTHORIZE], [Step.AUTHORIZE], [Step.REGISTRATION]]


def test_the_nearer_user_of_a_tool_is_taken(journal: Journal) -> None:
    """Users of the same tool share its client_id: of two registrations the one from the same network is taken over."""
    for network in ("192.0.2.1", "192.0.2.2"):
        registered = Happening(Step.REGISTRATION, "registered", network=network)
        journal.note(Trace("client", network=network), registered)
    journal.note(Trace("client", b"one", network="192.0.2.1"), _ASKED)

    taken = next(attempt for attempt in journal.list_attempts() if attempt.challenge)
    assert [event.happening.step for event in taken.events] == [Step.REGISTRATION, Step.AUTHORIZE]
    assert taken.attempt_id == journal.list_attempts()[-1].attempt_id


def test_what_is_listed_stays_as_it_was(journal: Journal) -> None:
    """Whoever reads has copies, which nothing changes that happens meanwhile."""
    journal.note(Trace("client", b"one"), _ASKED)
    [listed] = journal.list_attempts()
    journal.note(Trace("client", b"one", grant_id="00"), _ASKED, _REDEEMED)

    assert (listed.grant_id, [event.count for event in listed.events]) == ("", [1])


def test_many_threads_note_at_once(journal: Journal) -> None:
    """Nothing is lost or counted twice, whoever else notes and reads."""

    def work(number: int) -> list[Attempt]:
        for each in range(200):
            journal.note(Trace(f"client {each % 10}", grant_id=f"{each % 10:032x}"), _REDEEMED)
        return journal.list_attempts()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    assert [attempt.events[0].count for attempt in journal.list_attempts()] == [80] * 10


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("https://tool.example.com/cb", "https://tool.example.com/cb"),
        ("https://tool.example.com/cb?code=canary", "https://tool.example.com/cb?…"),
        ("https://canary:canary@tool.example.com/cb", "https://tool.example.com/cb"),
        ("https://tool.example.com/cb#canary", "https://tool.example.com/cb"),
        ("cursor://anysphere/callback?canary", "cursor://anysphere/callback?…"),
        ("https://[canary/", ""),
        ("canary", ""),
        ("", ""),
    ],
)
def test_of_a_uri_no_query_is_kept(sent: str, shown: str) -> None:
    """Queries, fragments and user information may hold secrets, and what is no URI may be one."""
    assert shown_uri(sent) == shown
    assert "canary" not in shown_uri(sent)


def test_of_a_client_id_no_query_is_kept() -> None:
    """One that is a URL is treated as such (draft-ietf-oauth-client-id-metadata-document); any other is cut."""
    assert shown_client_id("https://tool.example.com/client.json?canary") == "https://tool.example.com/client.json?…"
    assert shown_client_id("client_x") == "client_x"
    assert shown_client_id("x" * 10_000) == "x" * 512 + "…"


@pytest.mark.parametrize("sent", ["ths_canary", "thi_canary", "thr_canary", "eyJcanary.canary.canary"])
def test_a_secret_in_place_of_a_client_id_is_not_shown(sent: str) -> None:
    """RFC 6749 §2.3.1: whoever takes client_id and client_secret for one another sends the secret as a name."""
    assert shown_client_id(sent) in ("ths_…", "thi_…", "thr_…", "eyJ…")


def test_reads_are_bounded(clock: ManualClock) -> None:
    """Five hundred of those that differ; those that are alike within a minute are one, and counted."""
    reads = MetadataReads(clock)
    for number in range(600):
        reads.note("192.0.2.1", f"host-{number}", "/", found=True, count=1, ago_ms=0)
    clock.advance(2)
    for _ in range(2):
        reads.note("192.0.2.1", "HOST", "/", found=True, count=2, ago_ms=1000)
    clock.advance(61)
    reads.note("192.0.2.1", "host", "/", found=True, count=1, ago_ms=0)
    found = reads.list_reads()

    assert len(found) == 500
    assert [(each.of.host, each.count) for each in found[:3]] == [("host", 1), ("host", 4), ("host-599", 1)]
    assert found[1].at_ms == clock.now_ms() - 62_000


def test_no_network_pushes_out_what_another_read(clock: ManualClock) -> None:
    """Whoever asks for ever new paths makes room for itself, of what it asked for first."""
    reads = MetadataReads(clock)
    reads.note("192.0.2.1", "elsewhere.example.com", "/", found=True, count=1, ago_ms=0)
    for number in range(2 * MOST_READS):
        reads.note("198.51.100.1", "host", f"/{number}", found=False, count=1, ago_ms=0)
    found = reads.list_reads()

    assert len(found) == MOST_READS
    assert [each.of.host for each in found if each.of.network == "192.0.2.1"] == ["elsewhere.example.com"]
    assert f"/{2 * MOST_READS - 1}" in [each.of.path for each in found]


def test_counts_stay_within_what_an_answer_can_hold() -> None:
    """connection_admin.proto, ConnectionEvent.count: whatever the facade says, operators can ask."""
    reads = MetadataReads(ManualClock())
    for count in (2**31 - 1, 2**31 - 1, -(2**31)):
        reads.note("192.0.2.1", "host", "/", found=True, count=count, ago_ms=0)
    [found] = reads.list_reads()
    assert found.count == 2**31 - 1
