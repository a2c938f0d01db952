"""The memory: whichever of an answer and a change comes first, what is used counts every change that was noted."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from tokenhouse.v1.changes_pb2 import Change, ChangeKind, ChangeList, Policy, Snapshot, WatchChangesResponse
from tokenhouse.v1.validation_pb2 import ValidateTokenResponse
from tokenhouse_verifier import changed, refused
from tokenhouse_verifier import memory as memories
from tokenhouse_verifier.access_token import AccessToken
from tokenhouse_verifier.freshness import now
from tokenhouse_verifier.memory import Gap, Memory, Moment

GRANT, CLIENT, SUBJECT = "a" * 32, "client_1", "b" * 32
POLICY = Policy(issuer="https://auth.example.com", oauth_clients_enabled=True, server_wide_tokens=True)
KINDS = {
    ChangeKind.CHANGE_KIND_GRANT_REVOKED: GRANT,
    ChangeKind.CHANGE_KIND_CLIENT_REVOKED: CLIENT,
    ChangeKind.CHANGE_KIND_SUBJECT_REVOKED: SUBJECT,
    ChangeKind.CHANGE_KIND_SUBJECT_CHANGED: SUBJECT,
    ChangeKind.CHANGE_KIND_ALL_REVOKED: "",
    ChangeKind.CHANGE_KIND_KEY_WITHDRAWN: "kid",
    ChangeKind.CHANGE_KIND_SERVER_WIDE_TOKENS_SWITCHED: "on",
}
#: What the last of them changes, the other way round: a token that was no good is good from then on.
BEFORE = Policy(issuer=POLICY.issuer, oauth_clients_enabled=True)
#: Kinds that end the one token there is, for good and in so many words.
ENDING = (
    ChangeKind.CHANGE_KIND_GRANT_REVOKED,
    ChangeKind.CHANGE_KIND_CLIENT_REVOKED,
    ChangeKind.CHANGE_KIND_SUBJECT_REVOKED,
)


def a_memory() -> Memory:
    """One that has learnt nothing."""
    return Memory(max_entries=100, max_bytes=1 << 20, know_users=False)


def message(revision: int, *changes: Change, policy: Policy | None = None) -> WatchChangesResponse:
    """What happened, up to a revision."""
    told = WatchChangesResponse(revision=revision, sent_at_ms=round(now() * 1000), policy=policy)
    if changes:
        told.changes.CopyFrom(ChangeList(changes=changes))
    return told


def snapshot(revision: int, *changes: Change) -> WatchChangesResponse:
    """What stands at a revision."""
    told = message(revision, policy=POLICY)
    told.snapshot.CopyFrom(Snapshot(begins=True, complete=True, changes=changes))
    return told


def answer(revision: int, **changes: object) -> ValidateTokenResponse:
    """The core's yes."""
    facts = {
        "active": True,
        "subject": SUBJECT,
        "client_id": CLIENT,
        "grant_id": GRANT,
        "expires_at": round(now()) + 1000,
        "revision": revision,
    }
    return ValidateTokenResponse(**{**facts, **changes})  # type: ignore[arg-type]


def looked_up(memory: Memory, digest: bytes = b"1") -> AccessToken | None:
    """What `verify` would find without asking: at once, or after a second look."""
    entry = memory.entries.get(digest)
    if entry is not None and entry.checked >= memory.revision and now() < min(entry.expires, memory.fresh_until):
        return entry.token
    return memory.renew(digest)


def settled(memory: Memory, digest: bytes, coming: ValidateTokenResponse, asked: Moment) -> AccessToken | None:
    """What one answer comes to."""
    [token] = memory.settle(asked, [(digest, coming)])
    return token


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
            token = settled(self.memory, b"1", self.under_way, self.asked)
            assert (token is None) is (self.under_way.revision < self.told or self._is_of_another_policy())
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
    memory.fresh_until = now()
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
    memory.fresh_until = min(memory.fresh_until, now())
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
