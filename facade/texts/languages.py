"""Which catalogue a request gets (RFC 9110 §12.5.4)."""

import re
from collections.abc import Iterable
from contextvars import ContextVar
from pathlib import Path

from babel.core import negotiate_locale

from facade.texts.catalogue import Catalogue, read_catalogue

#: All that there are, read once. English first: who wishes for none of them gets that.
CATALOGUES = {
    catalogue.language: catalogue
    for catalogue in sorted(map(read_catalogue, Path(__file__).parent.glob("*.toml")), key=lambda c: c.language != "en")
}
ENGLISH = CATALOGUES["en"]

#: In characters; people have a handful of languages, and a head full of them would keep everybody waiting.
_LONGEST = 512
_BY_TAG = {language.lower(): catalogue for language, catalogue in CATALOGUES.items()}
#: RFC 9110 §12.4.2, §12.5.4: a language tag, and its weight where it has one.
_WISH = re.compile(
    r"[ \t]*(?P<tag>[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)[ \t]*"
    r"(?:;[ \t]*[qQ]=(?P<weight>0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)[ \t]*)?"
)

_current: ContextVar[Catalogue] = ContextVar("texts", default=ENGLISH)


def choose_texts(accept_language: Iterable[str]) -> None:
    """From here on `current_texts` are those that the lines of the field wish for."""
    wished = ",".join(accept_language)
    if len(wished) > _LONGEST:
        wished = wished[:_LONGEST].rpartition(",")[0]
    wishes = map(_WISH.fullmatch, wished.split(","))
    weights = {wish["tag"].lower(): float(wish["weight"] or 1) for wish in wishes if wish is not None}
    wanted = [tag for tag in sorted(weights, key=lambda tag: -weights[tag]) if weights[tag] > 0]
    _current.set(_BY_TAG[negotiate_locale(wanted, _BY_TAG, sep="-") or "en"])


def current_texts() -> Catalogue:
    """Those for the request in progress."""
    return _current.get()
