"""The properties of tests/fuzz, for as long as there is time, with other inputs each time.

A failure names the property and the seed it came with; `TOKENHOUSE_FUZZ_SEED` starts from it again.
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.domain.house import House
from tests.fuzz import (
    test_basic_headers,
    test_client_documents,
    test_config_text,
    test_form_bodies,
    test_redirect_uris,
    test_registration_documents,
    test_tokens,
)
from tests.fuzz.core_target import CoreTarget
from tests.fuzz.held import Property
from tests.fuzz.pair_target import running_target
from tests.fuzz.test_messages import CALLS, property_of
from tests.serving import Serving
from tests.torture.conftest import Figures

#: How long each test tries, in seconds, however many properties it has.
_SECONDS = 30.0
_MOST_KEYS = "RotateMasterKey"


@pytest.fixture(scope="module")
def first_seed() -> int:
    """Another one each time, unless it is given."""
    return int(os.environ.get("TOKENHOUSE_FUZZ_SEED") or time.time_ns() // 1_000_000)


def _try(properties: Sequence[Property], first_seed: int) -> str:
    """What was tried, one after the other."""
    seconds = _SECONDS / len(properties)
    tried = [(each.name, each.check_for(seconds, first_seed)) for each in properties]
    told = ", ".join(f"{name} {count:,}" for name, count in tried)
    return f"{sum(count for _, count in tried):,} inputs from seed {first_seed}: {told}"


@pytest.mark.parametrize(
    "kind",
    [
        test_config_text,
        test_form_bodies,
        test_basic_headers,
        test_redirect_uris,
        test_registration_documents,
        test_client_documents,
    ],
    ids=lambda kind: kind.__name__.rpartition("test_")[2],
)
def test_parsers(kind: object, first_seed: int, figures: Figures) -> None:
    """Nothing but what each parser says it raises."""
    figures(_try(kind.PROPERTIES, first_seed))  # type: ignore[attr-defined]


def test_tokens_of_any_form(tmp_path: Path, first_seed: int, figures: Figures) -> None:
    """What is not exactly what was handed out is none."""
    house = House(tmp_path / "database")
    figures(_try(test_tokens.properties(test_tokens.issue(house)), first_seed))
    house.close()


def test_messages(tmp_path: Path, first_seed: int, figures: Figures) -> None:
    """Every request of every service, over real gRPC; afterwards the core is well."""
    with Serving(tmp_path, "Reflection = true\n[Limits]\nRegistrations = 0") as serving, CoreTarget(serving) as core:
        # A core has 255 master keys in its life, and a busy hour would use them up.
        calls = [(name, listener) for name, listener in CALLS if not name.endswith(_MOST_KEYS)]
        figures(_try([property_of(core, name, listener) for name, listener in calls], first_seed))
        core.require_well()


def test_requests(tmp_path: Path, first_seed: int, figures: Figures) -> None:
    """Every endpoint, over HTTP; afterwards both processes are well."""
    with running_target(tmp_path) as target:
        kinds = (test_form_bodies, test_basic_headers, test_registration_documents)
        figures(_try([each for kind in kinds for each in kind.target_properties(target)], first_seed))
        target.require_well()
