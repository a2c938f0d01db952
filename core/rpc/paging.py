"""How many rows a page of a listing has."""

from core.domain.errors import InvalidArgument

_DEFAULT = 100
_MOST = 500


def require_page_size(asked: int) -> int:
    """The page size: 0 means 100.

    Raises:
        InvalidArgument: negative or above 500.
    """
    if not 0 <= asked <= _MOST:
        raise InvalidArgument(f"page_size is 0 to {_MOST}")
    return asked or _DEFAULT
