"""How scopes are written (RFC 6749 §3.3): the one place that takes a list of them apart."""

import re

from core.domain.errors import InvalidScope
from core.domain.sayings import say

_NAME = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")
_NAMES = re.compile(r"[\x20\x21\x23-\x5B\x5D-\x7E]*")


def is_scope_name(text: str) -> bool:
    """Whether it is one name: printable ASCII without space, quote and backslash."""
    return _NAME.fullmatch(text) is not None


def split_scope(text: str) -> list[str]:
    """The names in their order. The space alone parts them; what parts words elsewhere, as a tab, is in none of them.

    More spaces than one, and some at the ends, say nothing else than one: that is how lists are put together.

    Raises:
        InvalidScope: malformed (RFC 6749 §4.1.2.1, §5.2).
    """
    if _NAMES.fullmatch(text) is None:
        raise InvalidScope(say("scope_malformed"))
    return text.split()
