"""Text that a client chose, made fit to be shown."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facade.pages.untrusted import shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Claude Code", "Claude Code"),
        ("  two\r\nlines\t", "two lines"),
        ("abc\u202egnp.exe", "abc gnp.exe"),
        ("a\u200bb", "a b"),
        ("a\x00b", "a b"),
        ("Ünïcödé 工具 🛠", "Ünïcödé 工具 🛠"),
        ("x" * 11, "x" * 9 + "…"),
        ("", ""),
    ],
)
def test_what_hides_or_reorders_is_taken_out(text: str, expected: str) -> None:
    """UTS #39 §5: no bidirectional, zero-width or control characters; one line; cut with a mark."""
    assert shown(text, 10 if text == "x" * 11 else 40) == expected


@given(st.text(), st.integers(1, 50))
def test_any_text_becomes_one_short_line(text: str, limit: int) -> None:
    """Whatever it was, the page shows at most `limit` characters on one line."""
    line = shown(text, limit)

    assert len(line) <= limit
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp") for character in line)
