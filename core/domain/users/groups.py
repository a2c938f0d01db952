"""A user's groups: few, short, and readable."""

from collections.abc import Iterable

from core.domain.errors import InvalidArgument

_MOST = 256
_LONGEST = 128


def parse_groups(groups: Iterable[str]) -> tuple[str, ...]:
    """Each once, sorted.

    Raises:
        InvalidArgument: too many, or one that cannot be shown.
    """
    kept = tuple(sorted(set(groups)))
    if len(kept) > _MOST or not all(map(is_usable_group, kept)):
        raise InvalidArgument(f"a user has at most {_MOST} groups, 1 to {_LONGEST} printable characters each")
    return kept


def is_usable_group(group: str) -> bool:
    """1 to 128 printable characters."""
    return 1 <= len(group) <= _LONGEST and group.isprintable()
