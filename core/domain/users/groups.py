"""A user's groups: few, short, and readable."""

from collections.abc import Collection, Iterable

from core.domain.errors import InvalidArgument

_MOST = 256
_LONGEST = 128
#: In characters.
_LONGEST_CHANGE = _MOST * _LONGEST


def parse_groups(groups: Iterable[str]) -> tuple[str, ...]:
    """Each once, sorted.

    Raises:
        InvalidArgument: too many, or one that cannot be shown.
    """
    kept = tuple(sorted(set(groups)))
    if len(kept) > _MOST or not all(map(is_usable_group, kept)):
        raise InvalidArgument(f"a user has at most {_MOST} groups, 1 to {_LONGEST} printable characters each")
    return kept


def change_of_groups(before: Collection[str], after: Collection[str]) -> str:
    """What the audit trail says of it: `+operators, -research`; empty where nothing changes. It is cut so late that
    nobody hides one group behind many."""
    told = ", ".join(
        [f"+{group}" for group in after if group not in before]
        + [f"-{group}" for group in before if group not in after]
    )
    return told if len(told) <= _LONGEST_CHANGE else f"{told[:_LONGEST_CHANGE]}..."


def is_usable_group(group: str) -> bool:
    """1 to 128 printable characters."""
    return 1 <= len(group) <= _LONGEST and group.isprintable()
