"""Tokens that are known to be no good: refused without asking, and no longer than that is known."""

import pytest
from tokenhouse_verifier import memory as memories
from tokenhouse_verifier import refused
from tokenhouse_verifier.contract.changes_pb2 import Change, ChangeKind
from tokenhouse_verifier.freshness import now

from tests.verifier.messages import (
    ENDING,
    GRANT,
    KINDS,
    SUBJECT,
    a_memory,
    answer,
    looked_up,
    message,
    settled,
    snapshot,
)


@pytest.mark.parametrize("kind", KINDS, ids=ChangeKind.Name)
def test_what_is_known_to_have_ended_is_refused(kind: ChangeKind.ValueType) -> None:
    """A remembered token whose grant, client or user ended: until it expires nobody has to be asked again."""
    memory = a_memory()
    memory.apply(snapshot(7), now())
    settled(memory, b"1", answer(7), memory.moment())
    memory.apply(message(8, Change(revision=8, kind=kind, target=KINDS[kind])), now())
    assert not memory.is_refused(b"1")
    assert looked_up(memory) is None
    assert memory.is_refused(b"1") is (kind in ENDING)
    memory.apply(message(9, Change(revision=9, kind=ChangeKind.CHANGE_KIND_SUBJECT_CHANGED, target=SUBJECT)), now())
    assert memory.is_refused(b"1") is (kind in ENDING)


def test_a_no_is_believed_for_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that was never good may become so, for all that is known; one that ended is refused until it expires."""
    memory = a_memory()
    memory.apply(snapshot(7), now())
    memory.reckon(0, now(), None)
    settled(memory, b"ended", answer(7), memory.moment())
    change = Change(revision=8, kind=ChangeKind.CHANGE_KIND_GRANT_REVOKED, target=GRANT)
    memory.apply(message(8, change), now())
    assert looked_up(memory, b"ended") is None
    memory.refuse(memory.moment(), b"no")
    at = now()
    for later, refused_by_then in ((0, {b"ended", b"no"}), (59, {b"ended", b"no"}), (61, {b"ended"}), (1001, set())):
        monkeypatch.setattr(memories, "now", lambda later=later: at + later)
        told = message(8)
        told.sent_at_ms = round((at + later) * 1000)
        memory.apply(told, at + later)
        assert {digest for digest in (b"ended", b"no") if memory.is_refused(digest)} == refused_by_then


def test_in_silence_nothing_is_refused() -> None:
    """A no is believed no longer than a yes: the core that comes back may be one that was restored."""
    memory = a_memory()
    memory.apply(snapshot(7), now())
    memory.refuse(memory.moment(), b"1")
    assert memory.is_refused(b"1")
    memory.fresh[0] = now()
    assert not memory.is_refused(b"1")


@pytest.mark.parametrize("begins_anew", ["snapshot", "forgotten", "closed"])
def test_another_history_knows_nothing_of_a_no(begins_anew: str) -> None:
    """What ended may be alive in a database that was restored; and an answer of the old one is kept no more."""
    memory = a_memory()
    memory.apply(snapshot(7), now())
    asked = memory.moment()
    memory.refuse(asked, b"1")
    if begins_anew == "snapshot":
        memory.restart()
        memory.refuse(asked, b"2")
        assert not memory.is_refused(b"2")
        memory.apply(snapshot(3), now())
    elif begins_anew == "forgotten":
        memory.forget()
        memory.refuse(asked, b"2")
        memory.apply(snapshot(3), now())
    else:
        memory.close()
    memory.refuse(asked, b"3")
    assert not any(map(memory.is_refused, (b"1", b"2", b"3")))


def test_bad_tokens_take_a_bounded_place_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many: the newest are refused without asking, and no good one is forgotten because of them."""
    monkeypatch.setattr(refused, "MOST_REFUSED", 50)
    memory = a_memory()
    memory.apply(snapshot(7), now())
    settled(memory, b"1", answer(7), memory.moment())
    for number in range(1000):
        memory.refuse(memory.moment(), number.to_bytes(32))
        assert memory.is_refused(number.to_bytes(32))
        assert len(memory._refused.until) <= 50
    assert len(memory._refused.until) > 45
    assert looked_up(memory) is not None
