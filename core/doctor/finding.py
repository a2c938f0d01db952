"""What the doctor says of one thing."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How it is. A problem wants somebody to do something; a note is worth knowing."""

    GOOD = "good"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing, how it is, and what to do where that is not well."""

    subject: str
    verdict: Verdict
    words: str


def good(subject: str, words: str) -> Finding:
    """It is as it should be."""
    return Finding(subject, Verdict.GOOD, words)


def note(subject: str, words: str) -> Finding:
    """It is worth knowing."""
    return Finding(subject, Verdict.NOTE, words)


def problem(subject: str, words: str) -> Finding:
    """Somebody has to do something; the words say what."""
    return Finding(subject, Verdict.PROBLEM, words)
