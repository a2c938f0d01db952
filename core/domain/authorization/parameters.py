"""The parameters of an authorization request as they came: names and values, in order (RFC 6749 §3.1)."""

from collections.abc import Iterable, Sequence

from core.domain.errors import InvalidRequest
from core.domain.sayings import say

Parameters = Sequence[tuple[str, str]]

#: RFC 8707 §2: the one parameter that may be repeated.
_REPEATABLE = "resource"


def find_one(parameters: Parameters, name: str) -> str | None:
    """The value of a parameter; None when it is absent or empty (RFC 6749 §3.1: empty is as if omitted).

    Raises:
        InvalidRequest: it was sent more than once.
    """
    values = [value for sent, value in parameters if sent == name]
    if len(values) > 1:
        raise InvalidRequest(say("parameter_repeated", name=name))
    return values[0] or None if values else None


def find_all(parameters: Parameters, name: str) -> tuple[str, ...]:
    """Every value of a repeatable parameter that is not empty."""
    return tuple(value for sent, value in parameters if sent == name and value)


def require_no_repeats(parameters: Parameters) -> None:
    """Pass parameters of which none but `resource` is repeated.

    Raises:
        InvalidRequest: one is; names it.
    """
    seen: set[str] = set()
    for name in _names(parameters):
        if name in seen and name != _REPEATABLE:
            raise InvalidRequest(say("parameter_repeated", name=name[:64]))
        seen.add(name)


def without(parameters: Parameters, name: str, word: str) -> tuple[tuple[str, str], ...]:
    """The parameters with `word` taken out of the space-separated parameter `name`."""
    kept = []
    for sent, value in parameters:
        if sent == name:
            value = " ".join(other for other in value.split() if other != word)
        if sent != name or value:
            kept.append((sent, value))
    return tuple(kept)


def with_word(parameters: Parameters, name: str, word: str) -> tuple[tuple[str, str], ...]:
    """The parameters with `word` in the space-separated parameter `name`."""
    before = find_one(parameters, name) or ""
    others = (pair for pair in parameters if pair[0] != name)
    return (*others, (name, " ".join([*(other for other in before.split() if other != word), word])))


def _names(parameters: Parameters) -> Iterable[str]:
    return (name for name, _ in parameters)
