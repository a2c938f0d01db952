"""Which catalogue a request gets (RFC 9110 §12.5.4)."""

from collections.abc import Iterable
from contextvars import ContextVar
from pathlib import Path

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from facade.texts.catalogue import Catalogue, read_catalogue

#: All that there are, read once. English first: who wishes for none of them gets that.
CATALOGUES = {
    catalogue.language: catalogue
    for catalogue in sorted(map(read_catalogue, Path(__file__).parent.glob("*.toml")), key=lambda c: c.language != "en")
}
ENGLISH = CATALOGUES["en"]

#: In characters; people have a handful of languages, and a head full of them would keep everybody waiting.
_LONGEST = 512

_current: ContextVar[Catalogue] = ContextVar("texts", default=ENGLISH)


def choose_texts(accept_language: Iterable[str]) -> None:
    """From here on `current_texts` are those that the lines of the field wish for."""
    wished = ",".join(accept_language)
    if len(wished) > _LONGEST:
        wished = wished[:_LONGEST].rpartition(",")[0]
    wishes = parse_accept_header(wished, LanguageAccept)
    _current.set(CATALOGUES[wishes.best_match(CATALOGUES, default=ENGLISH.language)])


def current_texts() -> Catalogue:
    """Those for the request in progress."""
    return _current.get()
