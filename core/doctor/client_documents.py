"""Clients' documents in files, as a start and a reload would find them."""

from collections.abc import Iterator

from core.config.config import Config
from core.config.errors import ConfigError
from core.doctor.finding import Finding, good, problem
from core.loading import load_documents

_SUBJECT = "Client documents"


def examine_documents(config: Config) -> Iterator[Finding]:
    """Nothing where there are none."""
    try:
        found = load_documents(config)
    except ConfigError as refusal:
        yield problem(_SUBJECT, str(refusal))
        return
    for document in found:
        yield good(_SUBJECT, f"{document.url.text} is known from a file")
