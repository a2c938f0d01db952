"""The cache: bounded in entries and in bytes, the oldest go first."""

import sys

import pytest
from tokenhouse_verifier.access_token import AccessToken
from tokenhouse_verifier.cache import Cache, Entry, size_of
from tokenhouse_verifier.contract.validation_pb2 import ValidateTokenResponse


def an_entry(number: int, **changes: object) -> Entry:
    """An answer of a usual size."""
    facts = {
        "subject": f"{number:032x}",
        "username": "ada",
        "client_id": f"client_{number:032}",
        "scopes": ("mcp",),
        "audience": ("https://mcp.example.com/mcp",),
        "groups": ("dev", "ops"),
        "expires_at": 1_800_000_000 + number,
        "grant_id": f"{number:032x}",
    }
    token = AccessToken(**{**facts, **changes})  # type: ignore[arg-type]
    answer = ValidateTokenResponse(
        subject=token.subject,
        username=token.username,
        client_id=token.client_id,
        scope=token.scopes,
        audience=token.audience,
        groups=token.groups,
        grant_id=token.grant_id,
    )
    return Entry(token, 0, 0.0, size_of(token, answer.ByteSize()))


def digest(number: int) -> bytes:
    """A key."""
    return number.to_bytes(32)


def test_no_more_entries_than_it_may_have() -> None:
    """The newest are there, the oldest are not, and the count of bytes is that of what is there."""
    cache = Cache(100, 1 << 30)
    for number in range(1000):
        cache.put(digest(number), an_entry(number))
        assert len(cache.entries) <= 100
        assert digest(number) in cache.entries
    assert len(cache.entries) > 90
    assert set(cache.entries) == {digest(number) for number in range(1000 - len(cache.entries), 1000)}
    assert cache.bytes == sum(entry.size for entry in cache.entries.values())


def test_no_more_bytes_than_it_may_have() -> None:
    """Whatever their sizes; one that does not fit at all is not kept, and takes nobody's place."""
    most = 50_000
    cache = Cache(10_000, most)
    for number in range(500):
        cache.put(digest(number), an_entry(number, username="x" * (number * 37 % 5000)))
        assert cache.bytes <= most
    kept = len(cache.entries)
    cache.put(digest(999), an_entry(1, username="x" * most))
    assert digest(999) not in cache.entries
    assert len(cache.entries) == kept


def test_one_key_counts_once() -> None:
    """Put again, dropped twice, cleared: the bytes are those of what is there."""
    cache = Cache(10, 1 << 20)
    for number in range(3):
        cache.put(digest(1), an_entry(number, username="x" * number))
        assert cache.bytes == cache.entries[digest(1)].size
    cache.drop(digest(1))
    cache.drop(digest(1))
    assert cache.bytes == 0
    cache.put(digest(1), an_entry(1))
    cache.clear()
    assert (cache.bytes, len(cache.entries)) == (0, 0)


@pytest.mark.parametrize("letter", ["x", "\u00e9", "\u20ac", "\U0001f600"])
def test_the_size_is_not_less_than_what_is_used(letter: str) -> None:
    """Counted against Python's own count of every part."""
    entry = an_entry(7, username=letter * 100, groups=tuple(letter * n for n in range(50)))
    token = entry.token
    parts: list[object] = [digest(7), entry, token, token.expires_at, entry.expires, entry.size, entry.checked]
    for value in (token.subject, token.username, token.client_id, token.grant_id):
        parts.append(value)
    for values in (token.scopes, token.audience, token.groups):
        parts.extend((values, *values))
    assert entry.size >= sum(map(sys.getsizeof, parts))


def test_equal_values_are_kept_once() -> None:
    """Thousands of answers of one user hold one copy; the memory of copies is bounded too."""
    cache = Cache(10, 1 << 20)
    first = cache.share("".join(["a", "b"]))
    assert cache.share("".join(["a", "b"])) is first
    assert cache.share(tuple("ab")) is cache.share(tuple("ab"))
    long = "x" * 10_000
    assert cache.share(long) is long
    for number in range(5000):
        cache.share(f"{number}")
    assert len(cache.shared) <= 1024
    assert long not in cache.shared
