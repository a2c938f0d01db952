"""README, At three in the morning: what is typed in a hurry is a command, and a wrong one says what is missing."""

import re

import click
import pytest

from core.cli.main import tokenhouse
from tests.cli.command import call_here
from tests.repository.checkout import ROOT, text_of


def _commands() -> list[str]:
    section = text_of(ROOT / "README.md").partition("### At three in the morning\n")[2].partition("\n### ")[0]
    return sorted(set(re.findall(r"`tokenhouse ([^`]+)`", section)) - {"serve"})


def test_there_are_commands() -> None:
    """None of them is overlooked by the way they are written."""
    assert len(_commands()) >= 10


@pytest.mark.parametrize("words", _commands())
def test_what_is_typed_in_a_hurry_is_a_command(words: str) -> None:
    """Each is understood as it stands: verb, arguments and options."""
    command: click.Command = tokenhouse
    rest = words.split()
    while isinstance(command, click.Group) and rest and rest[0] in command.commands:
        command = command.commands[rest.pop(0)]
    command.make_context("tokenhouse", [word.replace("FILE", "README.md") for word in rest])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("limits", "clear"), "name an id of `tokenhouse limits list`, or --user, --client, --from or --all"),
        (("clients", "add", "portal"), "name --redirect-uri, --grant-type (client_credentials, say) or --resource"),
    ],
)
def test_what_is_missing_is_told_as_an_option(words: tuple[str, ...], said: str) -> None:
    """README, The commands: 2 is called wrongly, and the line has the words that can be typed."""
    called = call_here(*words)
    assert (called.status, called.stderr.splitlines()[-1]) == (2, f"Error: {said}")
