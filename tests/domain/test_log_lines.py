"""The core's log lines."""

import io
import logging

import pytest

from core.domain.correlation import Correlated, log_each
from core.log_lines import LineFormatter


@pytest.fixture
def written() -> tuple[logging.Logger, io.StringIO]:
    """A logger of its own, and what it writes."""
    output = io.StringIO()
    handler = logging.StreamHandler(output)
    handler.setFormatter(LineFormatter())
    log = logging.Logger("a", logging.INFO)
    log.addHandler(handler)
    return log, output


def without_times(output: io.StringIO) -> list[str]:
    """What each line says after its time."""
    return [line.partition(" ")[2] for line in output.getvalue().splitlines()]


def test_lines_that_are_logged_together_are_those_of_a_record_each(written: tuple[logging.Logger, io.StringIO]) -> None:
    """The same words, values quoted, and each its own correlation id, or the one of the call where it brings none."""
    log, output = written
    concerned = [
        ("abc", {"client_id": "c-1"}),
        ("", {"client_id": 'x y="1"\n'}),
        ("def", {"client_id": "https://a/?b=c"}),
    ]
    with Correlated("call"):
        log_each(log, "token issued", concerned)
    together = without_times(output)
    output.truncate(output.seek(0))
    for number, extra in concerned:
        with Correlated(number or "call"):
            log.info("token issued", extra=extra)
    assert together == without_times(output)
    assert len(together) == 3


def test_nothing_to_log_is_no_line(written: tuple[logging.Logger, io.StringIO]) -> None:
    """A batch in which every request was refused."""
    log, output = written
    log_each(log, "token issued", ())
    assert output.getvalue() == ""
