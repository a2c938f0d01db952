"""The inputs that come over HTTP, to a real facade with a real core behind it."""

from collections.abc import Iterator

import pytest

from tests.fuzz import test_basic_headers, test_form_bodies, test_registration_documents
from tests.fuzz.pair_target import PairTarget, running_target


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PairTarget]:
    """A pair, a signed-in browser and a connected client."""
    with running_target(tmp_path_factory.mktemp("pair")) as running:
        yield running


def test_any_form(target: PairTarget) -> None:
    """No body and no query is a failure of the server: a reply of the endpoint's kind, below 500."""
    for each in test_form_bodies.target_properties(target):
        each.check(25)


def test_no_header_is_a_way_in(target: PairTarget) -> None:
    """A public client with any Authorization header is refused, 400 or 401 (RFC 6749 §5.2)."""
    for each in test_basic_headers.target_properties(target):
        each.check(25)


def test_any_registration(target: PairTarget) -> None:
    """201 without nulls, or JSON with a registered code (RFC 7591 §3.2)."""
    for each in test_registration_documents.target_properties(target):
        each.check(25)


def test_both_processes_are_well_afterwards(target: PairTarget) -> None:
    """No line of either log tells of an incident, and a code still becomes tokens."""
    target.require_well()
