"""What is the matter with an attempt, and what to change."""

from dataclasses import dataclass
from enum import StrEnum


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
    #: One or two sentences.
    words: str
    #: The line of the configuration that would change it, its section before it; empty where no setting would.
    setting: str = ""
