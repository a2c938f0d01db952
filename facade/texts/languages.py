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

_current: ContextVar[Catalogue] = ContextVar("texts", default=ENGLISH)


def choose_texts(accept_language: Iterable[str]) -> None:
    """From here on `current_texts` are those that the lines of the field wish for."""
    wishes = parse_accept_header(",".join(accept_language), LanguageAccept)
    _current.set(CATALOGUES[wishes.best_match(CATALOGUES, default=ENGLISH.language)])


def current_texts() -> Catalogue:
    """Those for the request in progress."""
    return _current.get()
