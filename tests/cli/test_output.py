"""How tables show what strangers wrote."""

from hypothesis import given
from hypothesis import strategies as st

from core.cli.output import count, printable, show_time


@given(st.text())
def test_printable(text: str) -> None:
    """Whatever a name holds, what is printed is printable: no escape sequence reaches the terminal."""
    assert printable(text).isprintable()


def test_printable_shows_what_it_hides() -> None:
    """Letters of every script stay; control and direction characters are spelt out."""
    assert printable("Zoë 株式会社") == "Zoë 株式会社"
    assert printable("a\x1b[31mb\u202ec") == r"a\x1b[31mb\u202ec"
    assert printable(["a\nb", "c"]) == "a\\nb\nc"


def test_times_and_counts() -> None:
    """Times are in UTC, and counts agree with their noun."""
    assert show_time(0) == "1970-01-01 00:00 UTC"
    assert [count(number, "grant") for number in (0, 1, 2)] == ["0 grants", "1 grant", "2 grants"]
