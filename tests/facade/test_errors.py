"""The one table of refusals."""

import pytest

from facade.errors import ANSWERS, SERVER_ERROR, Refusal, clean_description, get_answer
from facade.texts.catalogue import Catalogue
from facade.texts.languages import CATALOGUES

_BY_TABLE = {
    "INVALID_REQUEST": (400, "invalid_request"),
    "INVALID_CLIENT": (401, "invalid_client"),
    "CLIENT_BLOCKED": (401, "invalid_client"),
    "CLIENT_REMOVED": (401, "invalid_client"),
    "CLIENT_DOCUMENT_UNWANTED": (400, "invalid_client"),
    "INVALID_GRANT": (400, "invalid_grant"),
    "UNAUTHORIZED_CLIENT": (400, "unauthorized_client"),
    "UNSUPPORTED_GRANT_TYPE": (400, "unsupported_grant_type"),
    "INVALID_SCOPE": (400, "invalid_scope"),
    "INVALID_TARGET": (400, "invalid_target"),
    "INVALID_REDIRECT_URI": (400, "invalid_redirect_uri"),
    "REDIRECT_URI_NOT_IN_DOCUMENT": (400, "invalid_redirect_uri"),
    "INVALID_CLIENT_METADATA": (400, "invalid_client_metadata"),
    "TEMPORARILY_UNAVAILABLE": (503, "temporarily_unavailable"),
    "TOO_MANY_ATTEMPTS": (429, "temporarily_unavailable"),
    "OAUTH_CLIENTS_DISABLED": (404, "not_found"),
}


@pytest.mark.parametrize("reason", _BY_TABLE)
def test_reasons_become_the_registered_codes(reason: str) -> None:
    """RFC 6749 §5.2, RFC 7591 §3.2.2, RFC 8707 §2: status and code of each reason of the core."""
    answer = get_answer(Refusal(reason))

    assert (answer.status, answer.error) == _BY_TABLE[reason]


def test_an_unknown_reason_is_an_incident() -> None:
    """A reason nobody foresaw is server_error, never success and never the client's fault."""
    assert get_answer(Refusal("SOMETHING_NEW")) is SERVER_ERROR


@pytest.mark.parametrize("catalogue", CATALOGUES.values(), ids=CATALOGUES)
def test_every_reason_tells_people_what_to_do(catalogue: Catalogue) -> None:
    """Each page has a heading and one thing to do next, in each language."""
    for answer in ANSWERS.values():
        assert catalogue.text(f"error.{answer.words}.title")
        assert catalogue.text(f"error.{answer.words}.advice").endswith(".")


def test_descriptions_keep_to_the_allowed_characters() -> None:
    """RFC 6749 §5.2: error_description has no quotes, backslashes, line breaks or text beyond ASCII."""
    assert clean_description('a "b" \\ c\nd é') == "a 'b' / c?d ?"
    assert len(clean_description("x" * 1000)) == 400
