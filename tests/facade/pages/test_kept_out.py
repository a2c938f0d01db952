"""What a page says where tries are used up: what is true of those that are, and nothing else."""

from collections.abc import Iterator

import pytest

from facade.errors import Refusal
from facade.pages.account_password import problem_with_password
from facade.pages.kept_out import is_kept_out_of_second_step, too_many_attempts, ways_in
from facade.pages.second_factor_login import problem_with_code
from facade.texts.languages import choose_texts


def _refusal(used_up: str) -> Refusal:
    refusal = Refusal("TOO_MANY_ATTEMPTS", retry_after=90)
    refusal.used_up = used_up
    return refusal


@pytest.fixture(params=["en", "de"])
def in_german(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Once in each language."""
    choose_texts([request.param])
    yield request.param == "de"
    choose_texts(["en"])


@pytest.mark.parametrize(
    ("used_up", "said", "gesagt"),
    [
        ("network", "attempts from your network failed", "aus Ihrem Netz sind misslungen"),
        ("account_in_network", "with this user name failed in your network", "sind in Ihrem Netz misslungen"),
        ("account", "Too many attempts with this user name failed. ", "mit diesem Benutzernamen sind misslungen. "),
        ("passkeys_in_network", "this account’s passkeys were not good", "Passkeys dieses Kontos waren nicht gut"),
        ("second_step", "Too many attempts. ", "Zu viele Versuche. "),
        ("session", "Too many attempts. ", "Zu viele Versuche. "),
        ("", "Too many attempts. ", "Zu viele Versuche. "),
    ],
)
def test_it_says_whose_are_used_up(in_german: bool, used_up: str, said: str, gesagt: str) -> None:
    """session.proto, `used_up`; and how long to wait."""
    words = too_many_attempts(_refusal(used_up))
    assert (gesagt if in_german else said) in words
    assert ("2 Minuten" if in_german else "2 minutes") in words
    assert problem_with_password(_refusal(used_up)) == problem_with_code(_refusal(used_up)) == words


@pytest.mark.parametrize(
    ("used_up", "ways"),
    [
        ("network", {"passkey", "browser", "network", "elsewhere"}),
        ("account_in_network", {"passkey", "browser", "elsewhere"}),
        ("account", {"passkey", "browser", "network"}),
        ("passkeys_in_network", {"password", "browser", "elsewhere"}),
    ],
)
@pytest.mark.parametrize("passkeys", [True, False])
def test_it_says_what_is_open_still(in_german: bool, used_up: str, ways: set[str], passkeys: bool) -> None:
    """A passkey waits for no password, and another network for nothing that this one has used up; a network that is
    known has its own tries, whoever guesses from everywhere or at everybody. Nobody is sent to a passkey that is not
    asked for."""
    words = {
        "passkey": ("Sign in with a passkey: it does not wait", "Melden Sie sich mit einem Passkey an"),
        "password": ("Passwords are counted apart", "Passwörter werden getrennt gezählt"),
        "browser": ("A browser in which you have signed in", "Ein Browser, in dem Sie sich"),
        "network": ("So has a network from which you did", "Ebenso ein Netz, aus dem Sie"),
        "elsewhere": ("From another network", "Aus einem anderen Netz"),
    }
    said = ways_in(_refusal(used_up), passkeys=passkeys)
    expected = ways if passkeys else ways - {"passkey"}
    assert {way for way, each in words.items() if each[in_german] in said} == expected
    assert said.endswith("kann die Versuche sofort zurückgeben." if in_german else "give the attempts back at once.")


def test_only_who_had_the_password_is_said_to_know_it() -> None:
    """The second step is used up by nobody else; and where nothing is known, nothing is said."""
    told = {used_up: is_kept_out_of_second_step(_refusal(used_up)) for used_up in ("network", "account", "second_step")}
    assert told == {"network": False, "account": False, "second_step": True}
    assert ways_in(_refusal("second_step"), passkeys=True) == ways_in(None, passkeys=True) == ""
