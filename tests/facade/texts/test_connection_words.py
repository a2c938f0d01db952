"""Whether the console has words in every language for whatever the connection doctor can see."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import core
from core.domain import errors
from core.domain.connections.event import Step
from core.domain.connections.finding import Fault
from core.domain.grants.redemption import CodeVerdict
from core.domain.grants.refresh_verdict import RefreshVerdict
from core.domain.tokens.validation import Inactive
from core.rpc.errors import reason_of
from facade.texts.catalogue import Catalogue
from facade.texts.languages import CATALOGUES
from tests.facade.texts.walking import kinds_of_refusals, words_in

_CORE = Path(core.__file__).parent
#: Raised to operators and services, at this server's own pages, or where nothing was decided; or noted as a verdict.
_NEVER_NOTED = (
    errors.ConsoleOff, errors.NotAnOperator, errors.InvalidArgument, errors.NotFound, errors.AlreadyExists,
    errors.FailedPrecondition, errors.CallerUnknown, errors.CallerNotAllowed, errors.RevisionNotReached,
    errors.SignedInElsewhere, errors.UnknownUserCode, errors.ClientDocumentWanted, errors.ClientKeysWanted,
    errors.InvalidGrant,
)  # fmt: skip
#: Of devices, and noted as such (RFC 8628 §3.5).
_POLLS = {errors.AuthorizationPending: Step.DEVICE, errors.SlowDown: Step.DEVICE, errors.ExpiredToken: Step.TOKEN}
_REFUSING = set(Step) - {Step.METADATA, Step.CODE, Step.VALIDATION}


def _refusals() -> Iterator[tuple[Step, str]]:
    whys = {why for path in _CORE.rglob("*.py") for why in words_in(path, "because", 0)}
    assert {"client_blocked", "redirect_uri_not_added", "assertion_expired"} <= whys
    everywhere = {reason_of(kind.__new__(kind)).lower() for kind in kinds_of_refusals() if kind not in _NEVER_NOTED}
    polls = {reason_of(kind.__new__(kind)).lower(): step for kind, step in _POLLS.items()}
    yield from ((step, why) for step in _REFUSING for why in whys | {"server_error"} | everywhere - polls.keys())
    yield from ((step, poll) for poll, step in polls.items())
    yield from ((Step.TOKEN, verdict) for verdict in CodeVerdict)
    # A rotation is what happens all day.
    yield from ((Step.REFRESH, verdict) for verdict in RefreshVerdict if verdict is not RefreshVerdict.ROTATED)
    # Tokens that are unknown are of no attempt, and while clients are switched off none is looked at.
    unseen = {Inactive.UNKNOWN, Inactive.CLIENTS_DISABLED}
    yield from ((Step.VALIDATION, why) for why in {"active", *Inactive} - unseen)


def _steps() -> set[str]:
    """What is noted that is no refusal."""
    modules = [*(_CORE / "rpc").glob("*_notes.py"), *(_CORE / "domain" / "connections").glob("*.py")]
    modules.append(_CORE / "domain" / "administration" / "connections.py")
    noted = {outcome for path in modules for outcome in words_in(path, "Happening", 1)}
    assert {"registered", "consent_asked", "code_entered", "denied", "not_found"} <= noted
    return noted | {"succeeded", "went_elsewhere", "second_factor_asked"}


@pytest.mark.parametrize("catalogue", CATALOGUES.values(), ids=CATALOGUES)
def test_whatever_is_noted_of_an_attempt_has_words(catalogue: Catalogue) -> None:
    """No refusal, verdict or step is shown to an operator by its code, or in English alone."""
    words = catalogue.entries
    assert {
        (step, outcome)
        for step, outcome in _refusals()
        if f"console.seen.{step}_{outcome}" not in words and f"console.refused.{outcome}" not in words
    } == set()
    assert {
        outcome for outcome in _steps() if not any(f"console.seen.{step}_{outcome}" in words for step in Step)
    } == set()


@pytest.mark.parametrize("catalogue", CATALOGUES.values(), ids=CATALOGUES)
def test_every_fault_has_a_name(catalogue: Catalogue) -> None:
    """What is the matter is headed in words; its code is for looking it up in the README."""
    assert {key for key in catalogue.entries if key.startswith("console.fault.")} == {
        f"console.fault.{fault}" for fault in Fault
    }
