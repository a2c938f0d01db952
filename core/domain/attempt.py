"""One item of many: its failure stays its own, and what is logged on its way carries its own number."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from core.domain.correlation import Correlated

P = ParamSpec("P")
T = TypeVar("T")


def attempt(correlation_id: str, step: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T | Exception:
    """What the step returns, or the exception it raises."""
    with Correlated(correlation_id):
        try:
            return step(*arguments, **named)
        except Exception as error:
            return error
