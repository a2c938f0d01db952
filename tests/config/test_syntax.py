"""The file format: git's sections, keys, comments and quotes."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.config.errors import ConfigError
from core.config.syntax import Assignment, Section, parse_entries, read_entries

FILE = "tokenhouse.conf"


def parse(text: str) -> list[tuple[str, str, str]]:
    """Section, key and value of each assignment."""
    return [(found.section, found.key, found.value) for found in assignments(text)]


def assignments(text: str) -> list[Assignment]:
    """What is read of a text, its sections left out."""
    return [entry for entry in parse_entries(text, FILE) if isinstance(entry, Assignment)]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("plain", "plain"),
        ("  two words  ", "two words"),
        ("before ; a comment", "before"),
        ("before # a comment", "before"),
        ("before\t;comment", "before"),
        ("https://a.example/;x#y", "https://a.example/;x#y"),
        ('"quoted ; not a comment # either"', "quoted ; not a comment # either"),
        ('"quoted" ; a comment', "quoted"),
        ('"quoted"# a comment', "quoted"),
        (r'"a \"b\" \\ c"', r'a "b" \ c'),
        ('"  kept  "', "  kept  "),
        ('say "hello"', 'say "hello"'),
        ("a = b", "a = b"),
        ("; only a comment", ""),
        ("", ""),
    ],
)
def test_value(written: str, value: str) -> None:
    """A value ends at a comment after white space, unless it is quoted (README, Every setting)."""
    assert parse(f"[Server]\nAddress = {written}\n") == [("Server", "Address", value)]


def test_comments_and_blank_lines() -> None:
    """Lines that begin with ; or # and empty lines say nothing (README, Every setting)."""
    text = "; a\n# b\n\n   ; c\n[Server] ; d\n  Listen=1 # e\n#[OAuth]\n"

    assert parse(text) == [("Server", "Listen", "1")]


def test_sections_and_keys_repeat() -> None:
    """A section may come back, and a key may repeat; both keep their order (README, Every setting)."""
    text = "[A]\nK = 1\n[B]\nK = 2\n[A]\nK = 3\nK = 4\n"

    assert parse(text) == [("A", "K", "1"), ("B", "K", "2"), ("A", "K", "3"), ("A", "K", "4")]


def test_lines_are_counted() -> None:
    """An assignment knows its line, which errors name (README, Every setting); CRLF and a form feed add none."""
    found = list(parse_entries("[A]\r\n\r\nK = 1\r\n; \x0c\x0b\u2028\r\nL = 2", FILE))

    assert found == [Section("A", 1), Assignment("A", "K", "1", 3), Assignment("A", "L", "2", 5)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[Server", 1),
        ("[Server] Address = x", 1),
        ("[Ser ver]", 1),
        ("[]", 1),
        ("[A]\nKey", 2),
        ("[A]\nKey: value", 2),
        ("[A]\n= value", 2),
        ("[A]\nKey.b = value", 2),
        ("Key = value", 1),
        ('[A]\n\nKey = "open', 3),
        ('[A]\nKey = "done" more', 2),
        (r"[A]" + "\n" + r'Key = "bad \n escape"', 2),
    ],
)
def test_refused_line(text: str, line: int) -> None:
    """Anything else is refused in one line that names file and line (README, Every setting)."""
    with pytest.raises(ConfigError) as caught:
        parse(text)

    assert str(caught.value).startswith(f"{FILE}:{line}: ")
    assert "\n" not in str(caught.value)


def test_too_large(tmp_path: Path) -> None:
    """256 KiB are read and not a character more, whatever was named by mistake."""
    file = tmp_path / "large"
    file.write_text("[A]\n" + ";" * (256 * 1024 - 4))
    assert list(read_entries(file)) == [Section("A", 1)]
    file.write_text("[A]\n" + ";" * (256 * 1024 - 3))
    for large in (file, Path("/dev/zero")):
        with pytest.raises(ConfigError, match=f"^{large}: is larger than 256 KiB"):
            list(read_entries(large))


@given(
    st.text() | st.lists(st.sampled_from(["[", "]", "A", "=", '"', "\\", ";", "#", " ", "\n", "\r", "\0"])).map("".join)
)
@example("[A]\nK = \\")
def test_any_text(text: str) -> None:
    """Any text is either read or refused with a ConfigError of one line; nothing else escapes."""
    try:
        found = assignments(text)
    except ConfigError as error:
        assert str(error).isprintable()
    else:
        assert all(assignment.section and assignment.key for assignment in found)


@given(st.text(alphabet=st.characters(exclude_characters="\n\r", exclude_categories=["Cs"])))
def test_quoting_keeps_every_character(value: str) -> None:
    """Quotes carry any value of one line (README, Every setting)."""
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')

    assert parse(f'[A]\nK = "{quoted}" ; comment') == [("A", "K", value)]
