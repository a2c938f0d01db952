"""The examples of verifier/README.md, as programs that a test runs."""

import linecache
import re
from typing import Any

from tests.repository.checkout import ROOT

README = (ROOT / "verifier" / "README.md").read_text(encoding="utf-8")
#: What every example has in the place of the core's address.
_TARGET = '"127.0.0.1:50051"'


def examples_of(heading: str) -> list[str]:
    """The Python below a heading, in its order."""
    _, _, section = README.partition(f"{heading}\n")
    section = re.split(r"^#+ ", section, maxsplit=1, flags=re.MULTILINE)[0]
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)


def run_example(source: str, target: str, **given: Any) -> dict[str, Any]:
    """Run an example as it stands, but for where the core is; its names."""
    assert source.count(_TARGET) == 1
    program = source.replace(_TARGET, f'"{target}"')
    name = f"<verifier/README.md {hash(program)}>"
    # Sanic reads the source of what it is given.
    linecache.cache[name] = (len(program), None, program.splitlines(keepends=True), name)
    names: dict[str, Any] = {"__name__": "example", **given}
    exec(compile(program, name, "exec"), names)  # noqa: S102
    return names
