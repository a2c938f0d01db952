"""User names: what may be one, and which spellings are the same."""

import pytest

from core.domain.errors import AlreadyExists, InvalidArgument
from core.domain.users.user import parse_username, username_key
from tests.domain.house import House

SAME = [
    ("ada", "ADA"),
    ("stra\u00dfe", "STRASSE"),
    ("zo\u00eb", "zoe\u0308"),
    ("\uff41da", "ada"),
    ("\ufb01ona", "fiona"),
    ("\u212bke", "\u00e5ke"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_name_are_equal(one: str, other: str) -> None:
    """RFC 8265 §3.3, CVE-2026-48794: canonical once, then compared."""
    assert username_key(one) == username_key(other)


@pytest.mark.parametrize(("one", "other"), [("ada", "adb"), ("ada", "\u0430da"), ("i", "\u0131")])
def test_other_letters_make_another_name(one: str, other: str) -> None:
    """Letters that merely look alike stay apart."""
    assert username_key(one) != username_key(other)


@pytest.mark.parametrize("name", ["a", "a" * 64, "ada@example.com", "\u4e2d\u6587", "o'brien", "zoe\u0308"])
def test_a_name_is_1_to_64_printable_characters(name: str) -> None:
    """user_admin.proto."""
    assert username_key(parse_username(name)) == username_key(name)


@pytest.mark.parametrize("name", ["", "a" * 65, "a b", "a\tb", "a\nb", "a\u00a0b", "a\u200bb", "a\u202eb", "\x00", " "])
def test_what_cannot_be_shown_is_no_name(name: str) -> None:
    """Invisible and direction-changing characters would make one name look like another."""
    with pytest.raises(InvalidArgument):
        parse_username(name)


def test_a_long_name_is_nobodys() -> None:
    """Text that is longer than any spelling of a name is not compared with names, nor normalised."""
    long = "\uff41" * 1025

    assert username_key(long) == long
    with pytest.raises(InvalidArgument):
        parse_username(long)


def test_a_name_is_taken_in_every_spelling(house: House) -> None:
    """ALREADY_EXISTS without regard to case."""
    house.users.create("Grace", "a long password", [])
    for name in ("grace", "GRACE", "\uff27race"):
        with pytest.raises(AlreadyExists):
            house.users.create(name, "a long password", [])
