"""The memory: whichever of an answer and a change comes first, what is used counts every change that was noted."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from tokenhouse_verifier import changed
from tokenhouse_verifier.contract.changes_pb2 import Change, ChangeKind, Policy, Snapshot, WatchChangesResponse
from tokenhouse_verifier.contract.validation_pb2 import ValidateTokenResponse
from tokenhouse_verifier.freshness import now
from tokenhouse_verifier.memory import Gap, Memory, Moment

from tests.verifier.messages import (
    BEFORE,
    GRANT,
    KINDS,
    POLICY,
    a_memory,
    answer,
    looked_up,
    message,
    settled,
    snapshot,
)


@dataclass
class World:
    """A core and a verifier's memory, moved step by step; the core has at most one change to make."""

    kind: ChangeKind.ValueType
    memory: Memory = field(default_factory=a_memory)
    #: The core's own state.
    revision: int = 7
    told: int = 7
    asked: Moment | None = None
    under_way: ValidateTokenResponse | None = None

    def __post_init__(self) -> None:
        self.memory.apply(snapshot(self.revision), now())
        if self._switches:
            self.memory.apply(message(self.revision, policy=BEFORE), now())

    def steps(self) -> list[str]:
        """What can happen next."""
        possible = {
            "ask": self.asked is None,
            "answer": self.asked is not None and self.under_way is None,
            "arrive": self.under_way is not None,
            "change": self.revision == 7,
            "tell": self.told < self.revision,
        }
        return [step for step, can in possible.items() if can]

    def take(self, step: str) -> None:
        """Let it happen, and see that nothing old is believed, be it a yes or a no."""
        if step == "ask":
            self.asked = self.memory.moment()
        elif step == "answer":
            good = self._is_good(self.revision)
            self.under_way = answer(self.revision) if good else ValidateTokenResponse(revision=self.revision)
        elif step == "arrive":
            self._arrive()
        elif step == "change":
            self.revision += 1
        else:
            self.told += 1
            change = Change(revision=self.told, kind=self.kind, target=KINDS[self.kind])
            self.memory.apply(message(self.told, change, policy=POLICY if self._switches else None), now())
        found = looked_up(self.memory)
        # An answer may be younger than what has been told; it is never older.
        if found is not None:
            checked = self.memory.entries[b"1"].checked
            assert checked >= self.told
            assert self._is_good(checked)
        assert not self.memory.is_refused(b"1") or not (self._is_good(self.told) and self._is_good(self.revision))

    @property
    def _switches(self) -> bool:
        return self.kind == ChangeKind.CHANGE_KIND_SERVER_WIDE_TOKENS_SWITCHED

    def _is_good(self, revision: int) -> bool:
        if self.kind == ChangeKind.CHANGE_KIND_SUBJECT_CHANGED:
            return True
        return (revision == 8) is self._switches

    def _arrive(self) -> None:
        assert self.asked is not None
        assert self.under_way is not None
        if self.under_way.active:
            revision = self.under_way.revision
            token = settled(self.memory, b"1", self.under_way, self.asked)
            assert (token is None) is (revision < self.told or self._is_of_another_policy())
        else:
            self.memory.refuse(self.asked, b"1")
        self.asked = self.under_way = None

    def _is_of_another_policy(self) -> bool:
        """The policy has changed since it was asked for."""
        assert self.asked is not None
        return self._switches and self.asked.revision < self.told


def sequences(kind: ChangeKind.ValueType, length: int) -> Iterator[list[str]]:
    """Every order in which so many things can happen."""
    stack: list[list[str]] = [[]]
    while stack:
        taken = stack.pop()
        if len(taken) == length:
            yield taken
            continue
        world = World(kind)
        for step in taken:
            world.take(step)
        stack.extend([*taken, step] for step in world.steps())


@pytest.mark.parametrize("kind", KINDS, ids=ChangeKind.Name)
def test_no_order_of_answer_and_change_keeps_what_is_old(kind: ChangeKind.ValueType) -> None:
    """Every order of asking, answering, arriving, changing and telling: the answer's revision decides."""
    count = 0
    for taken in sequences(kind, 8):
        world = World(kind)
        for step in taken:
            world.take(step)
        count += 1
    assert count > 10


@pytest.mark.parametrize("seed", range(20))
def test_random_worlds(seed: int) -> None:
    """Groups changed at random, messages and answers delayed at random: what is found is true of its revision."""
    chance = random.Random(seed)
    memory, history, told, waiting = a_memory(), [dict.fromkeys(range(5), 0)], 0, []
    memory.apply(snapshot(0), now())
    for _ in range(600):
        token = chance.randrange(5)
        act = chance.choice(("change", "tell", "ask", "ask", "arrive", "arrive", "look", "look"))
        if act == "change":
            history.append({**history[-1], token: history[-1][token] + 1})
        elif act == "tell" and told < len(history) - 1:
            until = chance.randint(told + 1, len(history) - 1)
            memory.apply(message(until, *(_changed(history, n) for n in range(told + 1, until + 1))), now())
            told = until
        elif act == "ask":
            asked = memory.moment()
            revision = chance.randint(max(told, len(history) - 3), len(history) - 1)
            groups = [str(history[revision][token])]
            waiting.append((token, asked, answer(revision, groups=groups, subject=f"{token}", grant_id="g")))
        elif act == "arrive" and waiting:
            token, asked, coming = waiting.pop(chance.randrange(len(waiting)))
            settled(memory, bytes([token]), coming, asked)
        found = looked_up(memory, bytes([token]))
        if found is not None:
            assert int(found.groups[0]) in {state[token] for state in history[told:]}


def _changed(history: list[dict[int, int]], revision: int) -> Change:
    [token] = [n for n in range(5) if history[revision][n] != history[revision - 1][n]]
    return Change(revision=revision, kind=ChangeKind.CHANGE_KIND_SUBJECT_CHANGED, target=f"{token}")


def test_nothing_is_remembered_before_the_changes_are_followed() -> None:
    """The first answers come before the stream: they are given, and asked for again."""
    memory = a_memory()
    asked = memory.moment()
    assert settled(memory, b"1", answer(3), asked) is not None
    assert looked_up(memory) is None
    memory.apply(snapshot(3), now())
    assert settled(memory, b"1", answer(3), asked) is not None
    assert looked_up(memory) is None
    assert settled(memory, b"1", answer(3), memory.moment()) is not None
    assert looked_up(memory) is not None


def test_a_snapshot_that_is_not_complete_is_no_ground_to_stand_on() -> None:
    """Between its parts nothing is remembered, and what was is gone."""
    memory = a_memory()
    memory.apply(snapshot(3), now())
    settled(memory, b"1", answer(3), memory.moment())
    memory.restart()
    part = snapshot(0)
    part.snapshot.complete = False
    memory.apply(part, now())
    assert looked_up(memory) is None
    settled(memory, b"1", answer(3), memory.moment())
    assert looked_up(memory) is None
    last = message(9)
    last.snapshot.CopyFrom(Snapshot(complete=True))
    memory.apply(last, now())
    assert memory.revision == 9
    settled(memory, b"1", answer(9), memory.moment())
    assert looked_up(memory) is not None


@pytest.mark.parametrize(
    "told",
    [
        message(5, Change(revision=5, kind=ChangeKind.CHANGE_KIND_GRANT_REVOKED, target="x")),
        message(4),
        message(2),
        message(5, Change(revision=4, kind=ChangeKind.CHANGE_KIND_GRANT_REVOKED, target="x")),
    ],
)
def test_a_gap_is_noticed(told: WatchChangesResponse) -> None:
    """changes.proto: the first revision is the last message's plus one, and the message's is the last change's."""
    memory = a_memory()
    memory.apply(snapshot(3), now())
    with pytest.raises(Gap):
        memory.apply(told, now())


def test_a_kind_from_the_future_ends_everything() -> None:
    """changes.proto: one that you do not know, forget every answer."""
    memory = a_memory()
    memory.apply(snapshot(3), now())
    settled(memory, b"1", answer(3), memory.moment())
    memory.apply(message(4, Change(revision=4, kind=99, target="x")), now())  # type: ignore[arg-type]
    assert looked_up(memory) is None


def test_another_policy_ends_what_was_told_under_the_old_one() -> None:
    """changes.proto: unless only the keys differ."""
    memory = a_memory()
    memory.apply(snapshot(3), now())
    settled(memory, b"1", answer(3), memory.moment())
    with_keys = Policy(jwks='{"keys":[]}')
    with_keys.MergeFrom(POLICY)
    memory.apply(message(3, policy=with_keys), now())
    assert looked_up(memory) is not None
    asked = memory.moment()
    memory.apply(message(3, policy=Policy(issuer="https://other.example.com")), now())
    assert looked_up(memory) is None
    assert settled(memory, b"1", answer(3), asked) is None


def test_more_changes_than_are_kept_end_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory of changes is bounded: beyond it nothing from before can be told to hold."""
    monkeypatch.setattr(changed, "MOST_TARGETS", 10)
    memory = a_memory()
    memory.apply(snapshot(0), now())
    settled(memory, b"1", answer(0), memory.moment())
    for number in range(1, 12):
        memory.apply(
            message(number, Change(revision=number, kind=ChangeKind.CHANGE_KIND_GRANT_REVOKED, target=f"{number}")),
            now(),
        )
        assert (looked_up(memory) is not None) is (number < 11)
    assert settled(memory, b"1", answer(10), memory.moment()) is None
    assert settled(memory, b"1", answer(11), memory.moment()) is not None


def test_silence_ends_trust(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five seconds after the last message was sent, whenever it arrived."""
    memory = a_memory()
    memory.apply(snapshot(3), now() - 4)
    settled(memory, b"1", answer(3), memory.moment())
    assert looked_up(memory) is not None
    late = message(3)
    late.sent_at_ms -= 60_000
    memory.apply(late, now())
    assert memory.fresh_until < now() + 2
    memory.restart()
    memory.apply(message(3), now() - 5.1)
    memory.fresh[0] = min(memory.fresh_until, now())
    assert looked_up(memory) is None
    assert memory.find_stale(b"1", 60) is not None
    assert memory.find_stale(b"2", 60) is None
    memory.apply(message(4, Change(revision=4, kind=ChangeKind.CHANGE_KIND_GRANT_REVOKED, target=GRANT)), now() - 9)
    assert memory.find_stale(b"1", 60) is None


def test_what_has_expired_is_not_found() -> None:
    """RFC 7519 §4.1.4, by the core's clock."""
    memory = a_memory()
    told = snapshot(3)
    told.sent_at_ms = 5_000_000_000_000
    memory.apply(told, now())
    for expires_at, found in ((5_000_000_002, True), (5_000_000_000, False), (4_999_999_999, False)):
        settled(memory, b"1", answer(3, expires_at=expires_at), memory.moment())
        assert (looked_up(memory) is not None) is found
        assert (memory.find_stale(b"1", 60) is not None) is found
