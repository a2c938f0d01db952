"""One item of many: its failure stays its own."""

import logging
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from core.domain.errors import Refusal

_log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


def attempt(step: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T | Exception:
    """What the step returns, or the exception it raises; one that is no refusal goes to the log."""
    try:
        return step(*arguments, **named)
    except Refusal as refusal:
        return refusal
    except Exception as error:
        _log.exception("one request of a batch failed")
        return error
