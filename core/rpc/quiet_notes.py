"""Notes that cost nobody anything."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

_log = logging.getLogger(__name__)

Asked = ParamSpec("Asked")


def quietly(note: Callable[Asked, None]) -> Callable[Asked, None]:
    """Whatever goes wrong with a note, the request that it is about goes on: it may have been granted already."""

    @wraps(note)
    def try_to_note(*args: Asked.args, **kwargs: Asked.kwargs) -> None:
        try:
            note(*args, **kwargs)
        except Exception as error:
            # Its text may quote what was sent.
            _log.error("attempt to connect not noted", extra={"step": note.__name__, "error": type(error).__name__})

    return try_to_note
