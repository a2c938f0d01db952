"""Whether pages can say in every language whatever a refusal says."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import core
import facade
from core.domain import errors
from core.domain.administration.limits import KINDS
from core.domain.audit.act import Act
from core.domain.audit.refusals import refusal_word
from core.domain.clients.preregistration import GRANT_TYPES
from core.domain.detail_sentences import SENTENCES
from core.domain.grants.redemption import CodeVerdict
from core.domain.grants.refresh_verdict import RefreshVerdict
from core.domain.sessions.session import SignInMethod
from core.rpc.errors import reason_of
from facade.errors import ANSWERS
from facade.texts.catalogue import Catalogue
from facade.texts.languages import CATALOGUES, ENGLISH
from tests.facade.texts.test_catalogues import placeholders
from tests.facade.texts.walking import calls_in, kinds_of_refusals, name_of

_CORE, _FACADE = Path(core.__file__).parent, Path(facade.__file__).parent
#: Refusals whose reader needs more than their heading; whoever makes one says it in a sentence that has a name.
_EXPLAINED = {
    "InvalidRedirectUri", "RedirectUriNotInDocument", "ClientDocumentRefused", "ClientDocumentUnwanted",
    "UpstreamLoginFailed", "UpstreamUserRefused", "UpstreamUnavailable", "CannotFetch", "DocumentUnavailable",
}  # fmt: skip
#: Told at the registration endpoint and by `tokenhouse config check`, and on no page.
_ON_NO_PAGE = {"f'at most {_MAXIMUM_REDIRECT_URIS} redirect_uris'", "'its client_id is not an https URL'"}
#: Told to operators' and services' programs alone.
_NOT_FOR_THE_FACADE = {"ALREADY_EXISTS", "CALLER_UNKNOWN", "CALLER_NOT_ALLOWED", "REVISION_NOT_REACHED"}


def _said(folder: Path, verb: str) -> Iterator[tuple[str, set[str]]]:
    """The sentences that are said, with the names of their values."""
    for call, _ in calls_in(folder):
        if name_of(call) == verb and call.args and isinstance(call.args[0], ast.Constant):
            yield str(call.args[0].value), {word.arg for word in call.keywords if word.arg}


def test_the_details_of_pages_are_those_of_the_core() -> None:
    """Pages say in each language what the core says in English, to the letter, to programs and to the log."""
    own = {f"detail.{sentence}" for sentence, _ in _said(_FACADE, "saying")}
    details = {key: entry for key, entry in ENGLISH.entries.items() if key.startswith("detail.")}
    told = {f"detail.{sentence}": words for sentence, words in SENTENCES.items()}

    assert details.items() >= told.items()
    assert details.keys() == told.keys() | own


@pytest.mark.parametrize("catalogue", CATALOGUES.values(), ids=CATALOGUES)
def test_every_sentence_is_said_with_what_it_needs(catalogue: Catalogue) -> None:
    """One that lacks a value cannot be shown, and one that nobody says is a translator's work for nothing."""
    said = [*_said(_CORE, "say"), *_said(_FACADE, "saying")]

    assert [each for each in said if placeholders(catalogue.entries[f"detail.{each[0]}"]) != each[1]] == []
    assert {sentence for sentence, _ in _said(_CORE, "say")} == SENTENCES.keys()


def test_what_has_to_be_explained_is_said_in_a_sentence_that_has_aname_of() -> None:
    """English that nobody can look up would stand on a page, or be missing there, in every other language."""
    bare = [
        ast.unparse(call.args[0])
        for call, around in calls_in(_CORE)
        if name_of(call) in _EXPLAINED and call.args and isinstance(call.args[0], ast.Constant | ast.JoinedStr)
        if not (isinstance(around, ast.Attribute) and around.attr == "saying")
    ]

    assert set(bare) - _ON_NO_PAGE == set()


def test_every_word_of_the_core_in_a_table_of_the_console_is_in_the_catalogue() -> None:
    """Acts, why something was refused, what came of it and whose tries are used up: nothing is shown by its code."""
    refused = {refusal_word(kind.__new__(kind)) for kind in kinds_of_refusals() if kind is not errors.InvalidGrant}
    refused |= {reason_of(kind.__new__(kind)).lower() for kind in kinds_of_refusals()}
    came_of_it = {each for verdict in (RefreshVerdict, CodeVerdict, SignInMethod) for each in verdict} - {""}
    limits = {kind.replace(" ", "_") for kind in KINDS}

    grant_types = {each.rpartition(":")[2] for each in GRANT_TYPES}

    for family, words in (
        ("audit_act", Act),
        ("refusal", refused),
        ("outcome", came_of_it),
        ("limit", limits),
        ("grant_type", grant_types),
    ):
        assert {word for word in words if f"console.{family}.{word}" not in ENGLISH.entries} == set(), family


def test_every_reason_of_the_core_has_an_answer() -> None:
    """The table has every reason that the facade may be given, and the catalogues have what it says to people."""
    reasons = {reason_of(kind.__new__(kind)) for kind in kinds_of_refusals()}

    assert reasons - ANSWERS.keys() == _NOT_FOR_THE_FACADE
