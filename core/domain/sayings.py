"""What a page can be told besides the kind of a refusal: a stable name, what is put into it, and the English of it.

A sentence is a text like any other, for logs and for `error_description`; pages, whose readers speak other languages,
take its name and values and have the same sentence of their own.
"""

from collections.abc import Mapping

from core.domain.detail_sentences import SENTENCES


class Said(str):
    """A sentence in English that remembers how it was made."""

    __slots__ = ("sentence", "values")

    sentence: str
    values: Mapping[str, str]

    def put(self, english: str) -> "Said":
        """The same sentence for pages, which says more in English."""
        return _remember(Said(english), self.sentence, self.values)


def say(sentence: str, **values: object) -> Said:
    """The sentence of this name. Raises KeyError: there is none, or a value is missing."""
    texts = {name: str(value) for name, value in values.items()}
    return _remember(Said(SENTENCES[sentence].format_map(texts)), sentence, texts)


def _remember(said: Said, sentence: str, values: Mapping[str, str]) -> Said:
    said.sentence, said.values = sentence, values
    return said
