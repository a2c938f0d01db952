"""What a refusal says besides its kind, and a document lacks, in the reader's language."""

from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from facade.errors import Refusal
from facade.pages.rendering import set_apart
from facade.pages.untrusted import shown
from facade.texts.languages import current_texts

#: Of a value, in characters.
_LONGEST = 400


def detail_words(refusal: Refusal) -> list[Markup]:
    """Its sentences. One that this version does not know is left out: the log of the core has it in English."""
    return [*_words(refusal)]


def _words(refusal: Refusal) -> Iterator[Markup]:
    for sentence, values in refusal.said:
        words = sentence_words(sentence, values)
        if words is not None:
            yield words


def sentence_words(sentence: str, values: Mapping[str, str]) -> Markup | None:
    """One sentence of the core's. None: this version does not know it, or lacks a value."""
    told: dict[str, Any] = {name: set_apart(shown(value, _LONGEST)) for name, value in values.items()}
    try:
        return current_texts().text(f"detail.{sentence}", **told)
    except KeyError:
        return None
