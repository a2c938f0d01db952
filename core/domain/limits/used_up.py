"""Whose tries are used up, where somebody is refused for it: their page says what is true of those, and what to do."""

from enum import StrEnum


class UsedUp(StrEnum):
    """By the names that `session.proto` gives them."""

    #: What everybody in a network has together, whosever account they try.
    NETWORK = "network"
    #: What a network has for one account.
    ACCOUNT_IN_NETWORK = "account_in_network"
    #: What all networks have together for one account.
    ACCOUNT = "account"
    #: What a session has at its user's own page.
    SESSION = "session"
    #: What a network has for the passkeys of one account.
    PASSKEYS_IN_NETWORK = "passkeys_in_network"
    #: Those of the second step, which nobody comes to without the password.
    SECOND_STEP = "second_step"
