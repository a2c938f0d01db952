"""What is the matter with an attempt, and what to change."""

from dataclasses import dataclass
from enum import StrEnum

from core.domain.connections.sentences import SENTENCES


class Fault(StrEnum):
    """What can be the matter."""

    REDIRECT_URI_NOT_ALLOWED = "REDIRECT_URI_NOT_ALLOWED"
    REDIRECT_URI_NOT_REGISTERED = "REDIRECT_URI_NOT_REGISTERED"
    ISSUER_DIFFERS = "ISSUER_DIFFERS"
    RESOURCE_UNKNOWN = "RESOURCE_UNKNOWN"
    TOKEN_NEVER_PRESENTED = "TOKEN_NEVER_PRESENTED"
    WRONG_AUDIENCE = "WRONG_AUDIENCE"
    REFRESHED_TWICE = "REFRESHED_TWICE"
    CLOCK_SKEW = "CLOCK_SKEW"
    CLIENT_UNKNOWN = "CLIENT_UNKNOWN"
    DOCUMENT_REFUSED = "DOCUMENT_REFUSED"
    CODE_NEVER_REDEEMED = "CODE_NEVER_REDEEMED"
    CODE_MISMATCHED = "CODE_MISMATCHED"
    CODE_USED_TWICE = "CODE_USED_TWICE"


@dataclass(frozen=True, slots=True)
class Finding:
    """One of them."""

    fault: Fault
    #: Its key in `SENTENCES`.
    sentence: str
    #: What the sentence's names stand for; one may be a sentence itself, which is `Said`.
    values: tuple[tuple[str, str], ...] = ()
    #: The line of the configuration that would change it, its section before it; empty where no setting would.
    setting: str = ""

    @property
    def words(self) -> str:
        """One or two English sentences."""
        return SENTENCES[self.sentence].format(**dict(self.values))


def find_out(fault: Fault, sentence: str, /, setting: str = "", **values: str) -> Finding:
    """A finding that says this sentence of these values."""
    return Finding(fault, sentence, tuple(values.items()), setting)
