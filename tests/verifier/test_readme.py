"""verifier/README.md tells the library as it is."""

import inspect
import json
import textwrap
from collections import Counter
from typing import NamedTuple

from tokenhouse_verifier import errors
from tokenhouse_verifier.access_token import AccessToken
from tokenhouse_verifier.async_verifier import AsyncTokenVerifier
from tokenhouse_verifier.verifier import TokenVerifier

from tests.rpc.road import Road
from tests.verifier.doors.examples import README, examples_of, run_example
from tests.verifier.doors.opened import DOORS
from tests.verifier.proxy import Proxy


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


class Response(NamedTuple):
    """What the first example takes from its framework."""

    status: int
    headers: dict[str, str]
    body: bytes | str


class Request(NamedTuple):
    """And what it is given."""

    headers: dict[str, str]


def test_the_first_example(road: Road, proxy: Proxy) -> None:
    """It answers those who are let in, and has a whole answer for those who are not."""
    (example, _) = examples_of("# tokenhouse-verifier")
    names = run_example(example, proxy.target, Response=Response)
    token = road.connect(resource="https://mcp.example.com/mcp").access_token

    answer = names["handle"](Request({"Authorization": f"Bearer {token}"}))
    refusal = names["handle"](Request({}))

    assert answer == Response(200, {}, f"{road.username} of dev, by {road.client_id}")
    assert refusal == (401, {"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"}, refusal.body)
    assert json.loads(refusal.body) == {"error_description": "the request has no bearer token"}
    names["verifier"].close()


async def test_the_example_in_an_event_loop(road: Road, proxy: Proxy) -> None:
    """It is the same with `await`."""
    (_, example) = examples_of("# tokenhouse-verifier")
    program = "async def run(authorization):\n" + textwrap.indent(example, "    ") + "\n    await verifier.close()\n"
    names = run_example(program + "    return user\n", proxy.target)
    token = road.connect(resource="https://mcp.example.com/mcp").access_token

    assert (await names["run"](f"Bearer {token}")).username == road.username


def test_every_example_is_run() -> None:
    """Here, in test_tls.py or in tests/verifier/doors."""
    headings = {"# tokenhouse-verifier": 2, "## Over TLS": 2} | dict(
        Counter(heading for _, heading, _ in DOORS.values())
    )

    assert README.count("```python") == sum(headings.values())
    assert {heading: len(examples_of(heading)) for heading in headings} == headings
