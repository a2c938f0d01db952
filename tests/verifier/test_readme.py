"""verifier/README.md tells the library as it is."""

import inspect
import re

from tokenhouse_verifier import errors
from tokenhouse_verifier.access_token import AccessToken
from tokenhouse_verifier.async_verifier import AsyncTokenVerifier
from tokenhouse_verifier.verifier import TokenVerifier

from tests.repository.checkout import ROOT

README = (ROOT / "verifier" / "README.md").read_text()


def _rows(heading: str) -> dict[str, list[str]]:
    """The first table below a heading: its rows by their first cell."""
    section = README.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1:-1] for line in section.splitlines() if line.startswith("| `")]
    return {cells[0].strip("` "): [cell.strip() for cell in cells[1:]] for cells in rows}


def test_every_argument_is_told() -> None:
    """By name and default, in their order; both forms take the same."""
    for form in (TokenVerifier, AsyncTokenVerifier):
        told = _rows("Every argument")
        parameters = dict(inspect.signature(form).parameters)
        assert list(told) == list(parameters)
        for name, (default, _) in told.items():
            expected = parameters[name].default
            if expected not in (inspect.Parameter.empty, None, (), ""):
                assert default == f"`{expected}`"
            else:
                assert "`" not in default


def test_every_field_and_every_error_is_told() -> None:
    """With the error's status and code."""
    told = _rows("What `verify` returns")
    assert list(told)[: len(AccessToken._fields)] == list(AccessToken._fields)
    kinds = errors.NotVerified.__subclasses__()
    assert list(told)[len(AccessToken._fields) :] == [kind.__name__ for kind in kinds]
    for kind in kinds:
        assert told[kind.__name__][:2] == [str(kind.status), f"`{kind.code}`" if kind.code else "none"]


def test_the_examples_are_python() -> None:
    """They name what there is."""
    examples = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(examples) == 2
    for example in examples:
        compile(example, "README", "exec", flags=0x2000)  # top-level await
        for module, name in re.findall(r"^from (\S+) import (\S+)$", example, re.MULTILINE):
            assert hasattr(__import__(module, fromlist=[name]), name)
