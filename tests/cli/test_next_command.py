"""What a verb says of a name or an id that nothing has."""

import pytest

from tests.cli.command import Operator

_NO_ID = "0" * 32


@pytest.mark.parametrize(
    ("called", "said"),
    [
        ("clients show nope", "there is no client nope: see `tokenhouse clients list`"),
        ("clients delete nope", "there is no client nope: see `tokenhouse clients list`"),
        ("users disable nope", "there is no user nope: see `tokenhouse users list`"),
        ("users unlink admin company x", "admin is not linked with it: see `tokenhouse users show admin`"),
        ("grants list --user nope", "there is no user nope: see `tokenhouse users list`"),
        ("grants revoke nope", "a grant id is 32 hexadecimal digits: see `tokenhouse grants list`"),
        (f"grants show {_NO_ID}", f"there is no grant {_NO_ID}: see `tokenhouse grants list --all`"),
        ("limits clear nope", "a limit_id is 32 hexadecimal digits: see `tokenhouse limits list`"),
        ("limits clear --user nope", "there is no user nope: see `tokenhouse users list`"),
        ("keys withdraw nope", "no signing key that is trusted has this kid: `tokenhouse keys list` has them"),
        (
            "clients registration-token remove nope",
            "there is no registration token nope: see `tokenhouse clients registration-token list`",
        ),
    ],
)
def test_the_line_names_the_command_that_lists_them(operator: Operator, called: str, said: str) -> None:
    """README, For operators: one line on stderr, exit status 1, and nobody has to look up how to go on."""
    refused = operator(*called.split())

    assert (refused.status, refused.stdout, refused.stderr) == (1, "", f"tokenhouse: {said}\n")


def test_a_secret_that_a_client_does_not_have(operator: Operator) -> None:
    """RFC 6749 §2.3.1: its client has others, and its page has their numbers."""
    client_id = operator("clients", "add", "--redirect-uri", "https://a.example/cb", "--json").json["client"][
        "client_id"
    ]
    refused = operator("clients", "remove-secret", client_id, "77")

    assert refused.stderr == f"tokenhouse: {client_id} has no secret 77: see `tokenhouse clients show {client_id}`\n"
