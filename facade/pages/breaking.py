"""Where a line may end inside of what nobody reads as words: ids, addresses, codes, the names of settings."""

import re
from collections.abc import Iterator

from markupsafe import Markup, escape

#: In characters. What is no longer, as an address, stays in one piece: it fits into the narrowest column.
_SHORT = 18
#: Of what has no better place, as an id: so many in each piece.
_PIECE = 8

_SPACE = re.compile(r"(\s+)")
#: After what parts a URL, a list or a name; a dot between two numbers does not.
_PART = re.compile(r"(?<=[/?&=#,;:_-])(?![/?&=#,;:_-])|(?<=\.)(?![\d.])")
#: Where a new word begins in the name of a setting, which has letters alone.
_LETTERS = re.compile(r"[A-Za-z]+\W*")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def breakable(text: str) -> Markup:
    """`text`, set off from what is around it (HTML §4.5.24), with the places in it where a line may end (§4.5.27).

    They are no part of the text: it is copied and found as if they were not there.
    """
    parts = (escape(part) if part.isspace() else Markup("<wbr>").join(pieces(part)) for part in _SPACE.split(text))
    return Markup('<bdi class="breakable">{}</bdi>').format(Markup("").join(parts))


def pieces(word: str) -> list[str]:
    """`word` taken apart at those places; none of them is longer than what always stays in one."""
    return [word] if len(word) <= _SHORT else [piece for part in _PART.split(word) for piece in _cut(part)]


def _cut(part: str) -> Iterator[str]:
    for word in _HUMP.split(part) if _LETTERS.fullmatch(part) else (part,):
        size = _PIECE if len(word) > _SHORT else _SHORT
        yield from (word[start : start + size] for start in range(0, len(word), size))
