"""What one watcher is told next: parts of a snapshot, changes in pieces, and what happens when some are gone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tokenhouse.v1 import changes_pb2 as pb

from core.domain.tokens.change import ChangeKind
from core.domain.tokens.change_log import ChangeLog
from core.rpc.change_messages import ChangeSources, Telling
from tests.domain.house import DAY, House

#: A message holds so many.
FULL = 500


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house of one test."""
    built = House(tmp_path / "database")
    yield built
    built.close()


@pytest.fixture
def sources(house: House) -> ChangeSources:
    """What the house's messages are made of."""
    return ChangeSources(ChangeLog(house.store, house.clock), house.policy, house.keys, house.clock)


def record(sources: ChangeSources, house: House, count: int, keep: int = DAY) -> None:
    """That many changes in a commit, told to the log."""
    now, before = house.clock.now(), house.store.current_revision()
    house.store.write(
        lambda tx: [
            tx.record_change(ChangeKind.GRANT_REVOKED, f"{n}", now=now, keep_until=now + keep) for n in range(count)
        ]
    )
    sources.log.append(house.store.list_changes(since=before, now=now))


def told(telling: Telling) -> list[pb.WatchChangesResponse]:
    """Everything until the watcher has caught up."""
    messages = [telling.compose()]
    while telling.is_behind:
        messages.append(telling.compose())
    return messages


def revisions(messages: list[pb.WatchChangesResponse]) -> list[int]:
    """Of all changes, those in snapshots included."""
    return [change.revision for message in messages for change in (*message.snapshot.changes, *message.changes.changes)]


@pytest.mark.parametrize("count", [0, 1, FULL - 1, FULL, FULL + 1, 2 * FULL, 2 * FULL + 7])
def test_a_snapshot_comes_in_parts(house: House, sources: ChangeSources, count: int) -> None:
    """The first begins it, the last completes it and says how far it reaches; none before has a revision."""
    if count:
        record(sources, house, count)
    messages = told(Telling(sources, 0, b""))
    assert revisions(messages) == list(range(1, count + 1))
    assert [message.snapshot.begins for message in messages] == [True] + [False] * (len(messages) - 1)
    assert [message.snapshot.complete for message in messages] == [False] * (len(messages) - 1) + [True]
    assert [message.revision for message in messages] == [0] * (len(messages) - 1) + [count]
    assert [message.HasField("policy") for message in messages] == [True] + [False] * (len(messages) - 1)
    assert len(messages) == count // FULL + 1


def test_what_happens_during_a_snapshot_is_told(house: House, sources: ChangeSources) -> None:
    """A change between two parts is in a later one, or follows; nothing is lost and nothing comes twice."""
    record(sources, house, FULL + 3)
    telling = Telling(sources, 0, b"")
    messages = [telling.compose()]
    record(sources, house, 2)
    messages.append(telling.compose())
    record(sources, house, 4)
    messages += told(telling)
    assert revisions(messages) == list(range(1, FULL + 10))
    assert messages[-1].revision == FULL + 9


def test_changes_come_in_pieces(house: House, sources: ChangeSources) -> None:
    """Whoever is far behind gets full messages one after the other, gapless, and can go on after each of them."""
    telling = Telling(sources, 0, b"")
    told(telling)
    record(sources, house, 2 * FULL + 5)
    messages = told(telling)
    assert [len(message.changes.changes) for message in messages] == [FULL, FULL, 5]
    for message in messages:
        assert message.revision == message.changes.changes[-1].revision
        following = told(Telling(sources, message.revision, message.mark))
        assert revisions(following) == list(range(message.revision + 1, 2 * FULL + 6))
        assert not any(each.HasField("snapshot") for each in following)


def test_who_missed_what_is_kept_no_more_begins_anew(house: House, sources: ChangeSources) -> None:
    """Not a gap in silence: a snapshot. So too for a watcher whose own change is gone."""
    record(sources, house, 2)
    left = told(Telling(sources, 0, b""))[-1]
    record(sources, house, 3, keep=10)
    later = told(Telling(sources, 0, b""))[-1]
    house.clock.advance(11)
    record(sources, house, 1)
    forgetful = ChangeSources(ChangeLog(house.store, house.clock), house.policy, house.keys, house.clock)
    for message in (left, later):
        following = told(Telling(forgetful, message.revision, message.mark))
        assert following[0].snapshot.begins
        assert revisions(following) == [1, 2, 6]


def test_a_revision_whose_change_is_gone_is_no_place_to_go_on_from(house: House, sources: ChangeSources) -> None:
    """The newest change kept no more: the snapshot reaches its number, and says that it has no mark."""
    record(sources, house, 1)
    record(sources, house, 1, keep=10)
    house.clock.advance(11)
    [whole] = told(Telling(sources, 0, b""))
    assert (whole.revision, whole.mark, revisions([whole])) == (2, b"", [1])
    assert told(Telling(sources, whole.revision, whole.mark))[0].snapshot.begins


def test_the_policy_is_told_again_when_it_differs(house: House, sources: ChangeSources) -> None:
    """Switches and keys; a heartbeat says nothing that has been said."""
    telling = Telling(sources, 0, b"")
    told(telling)
    assert not telling.compose().HasField("policy")
    with house.under(server_wide_tokens=False):
        assert not telling.compose().policy.server_wide_tokens
        assert not telling.compose().HasField("policy")
    house.keys.rotate(longest_token=DAY)
    again = telling.compose()
    assert again.policy.server_wide_tokens
    assert again.policy.jwks == house.keys.jwks()
