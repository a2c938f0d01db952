"""Users apart from their tokens: bounded in number and in bytes, like the answers."""

import sys
from dataclasses import fields

import pytest
from tokenhouse_verifier.access_token import AccessToken
from tokenhouse_verifier.contract.changes_pb2 import Snapshot, WatchChangesResponse
from tokenhouse_verifier.contract.validation_pb2 import ValidateTokenResponse
from tokenhouse_verifier.freshness import now
from tokenhouse_verifier.known_users import KnownUsers
from tokenhouse_verifier.memory import Memory


def _token(number: int, username: str = "ada", groups: tuple[str, ...] = ()) -> AccessToken:
    return AccessToken(f"{number:032x}", username, "client_1", ("mcp",), ("https://a.example/",), groups, 0, "grant")


def test_no_more_users_and_no_more_bytes_than_there_may_be() -> None:
    """Whatever their sizes; one that does not fit at all is not kept, and one whose groups change counts once."""
    few, small = KnownUsers(100, 1 << 20), KnownUsers(10_000, 50_000)
    for number in range(1000):
        few.put(_token(number), 1)
        assert 1 <= len(few._users) <= 100
        small.put(_token(number, groups=tuple(f"{n:030}" for n in range(number % 100))), 1)
        assert small.bytes <= 50_000
        assert _token(number).subject in small._users
    small.put(_token(2000, groups=("x" * 60_000,)), 1)
    assert _token(2000).subject not in small._users
    one = KnownUsers(10, 1 << 20)
    for groups in ((), ("dev",), ("dev", "ops"), ("dev",), ("dev",)):
        one.put(_token(1, groups=groups), 1)
    again = KnownUsers(10, 1 << 20)
    again.put(_token(1, groups=("dev",)), 1)
    assert one.bytes == again.bytes
    one.clear()
    assert one.bytes == 0


@pytest.mark.parametrize("letter", ["x", "\u00e9", "\u20ac", "\U0001f600"])
def test_the_size_is_not_less_than_what_is_used(letter: str) -> None:
    """Counted against Python's own count of every part."""
    users = KnownUsers(10, 1 << 20)
    token = _token(7, letter * 100, tuple(letter * n for n in range(50)))
    users.put(token, 1)
    (user,) = users._users.values()
    parts: list[object] = [token.subject, user, *(getattr(user, field.name) for field in fields(user)), *token.groups]
    place = sys.getsizeof(dict.fromkeys(range(10))) // 10
    assert users.bytes >= sum(map(sys.getsizeof, parts)) + place


def test_answers_and_users_share_what_there_may_be() -> None:
    """verifier/README.md, `max_bytes`: both together, however many groups the users have."""
    memory = Memory(max_entries=20_000, max_bytes=1 << 20, know_users=True)
    complete = Snapshot(begins=True, complete=True)
    memory.apply(WatchChangesResponse(revision=1, sent_at_ms=round(now() * 1000), snapshot=complete), now())
    for number in range(1000):
        answer = ValidateTokenResponse(
            active=True, subject=f"{number}", revision=1, expires_at=1 << 40, groups=[f"{n:030}" for n in range(100)]
        )
        memory.settle(memory.moment(), [(number.to_bytes(32), answer)])
        assert memory.size <= 1 << 20
    assert memory.size > 1 << 19
