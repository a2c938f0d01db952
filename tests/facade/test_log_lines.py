"""Log lines."""

import logging

from facade.log_lines import LineFormatter


def test_control_characters_are_escaped() -> None:
    """CWE-150: whoever reads the log on a terminal is told of control characters, and the terminal is not."""
    record = logging.LogRecord("a", logging.INFO, "", 0, "b %s", ("\x1b[31m\x00\r\x9b\x7f\t",), None)

    assert LineFormatter("%(name)s %(message)s").format(record) == r"a b \x1b[31m\x00\x0d\x9b\x7f\x09"
