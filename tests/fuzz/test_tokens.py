"""Tokens of any form: access tokens, codes and refresh tokens, sealed requests, session and page tokens.

What is not exactly what was handed out is an answer, never a failure; and a token has one spelling.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import jwt
import pytest
from hypothesis import strategies as st

from core.domain.administration.grants import GrantAdministration
from core.domain.errors import InvalidArgument, InvalidRequest
from core.domain.tokens.access_token import AccessToken, find_access_token
from core.domain.tokens.grant_token import GrantToken, TokenKind, find_grant_token
from core.domain.tokens.validation import ValidToken
from tests.domain.house import ISSUER, House
from tests.domain.road import BINDING, a_session, asked, connect, consent_page
from tests.domain.tokens.forging import assemble, claims_of, decode_part, encode_part, header_of
from tests.fuzz.held import Property

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)
_CLAIMS = ["iss", "sub", "aud", "client_id", "scope", "jti", "iat", "exp", "gid", "rev", "nbf", "cnf", "act"]
_HEADERS = ["kid", "jwk", "jku", "x5c", "x5u", "b64", "crit", "cty", "zip", "enc"]
_CHANGES = st.dictionaries(st.sampled_from(_CLAIMS), _JSON, max_size=3)
_HEADER_CHANGES = st.dictionaries(st.sampled_from(_HEADERS), _JSON, max_size=2)
_LETTERS = "ABCabc019-_+/=.~ \n\x00é"


@dataclass(frozen=True)
class Issued:
    """What one user and one client were handed out."""

    house: House
    access_token: str
    refresh_token: str
    session_token: str
    sealed_request: str


@pytest.fixture(scope="module")
def issued(house: House) -> Issued:
    """A connection and an open consent page."""
    return issue(house)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The domain over an empty store."""
    built = House(tmp_path_factory.mktemp("house") / "database")
    yield built
    built.close()


def issue(house: House) -> Issued:
    """A connection and an open consent page."""
    connection = connect(house)
    session = a_session(house, connection.user)
    sealed = consent_page(house, asked(connection.client), session).sealed_request
    return Issued(house, connection.tokens.access_token, connection.refresh_token, session, sealed)


def properties(issued: Issued) -> list[Property]:
    """What each kind of token keeps."""
    house, real = issued.house, issued.access_token
    header, claims, signature = header_of(real), claims_of(real), decode_part(real.rpartition(".")[2])
    return [
        Property(
            "claims under our own signature",
            st.tuples(_CHANGES, _HEADER_CHANGES),
            lambda given: _is_a_token_or_none(house, _signed(house, {**header, **given[1]}, {**claims, **given[0]})),
        ),
        Property(
            "claims under another token's signature",
            st.tuples(_CHANGES, _HEADER_CHANGES, st.binary(max_size=70) | st.just(signature)),
            lambda given: _is_inactive_unless(
                house, real, assemble({**header, **given[1]}, {**claims, **given[0]}, given[2])
            ),
        ),
        Property("an access token, damaged", _damaged(real), lambda text: _is_inactive_unless(house, real, text)),
        Property("a refresh token, damaged", _damaged(issued.refresh_token), _has_one_spelling),
        Property("a grant token with a checksum", _with_checksum(), _has_one_spelling),
        Property("a session token, damaged", _damaged(issued.session_token), _is_nobodys_unless(issued)),
        Property("a sealed request, damaged", _damaged(issued.sealed_request), _is_closed_unless(issued)),
        Property("a page token", _PAGE_TOKENS, _is_a_page_or_refused(house)),
    ]


@pytest.mark.parametrize("number", range(8))
def test_any_token(issued: Issued, number: int) -> None:
    """Any text is the token that was handed out, byte for byte, or it is none (CVE-2026-27840's class)."""
    properties(issued)[number].check(60)


def _signed(house: House, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """What is signed is put together by hand: the library refuses to write most of it."""
    signed = assemble(header, claims, b"").rstrip(".")
    signature = jwt.get_algorithm_by_name("ES256").sign(signed.encode(), house.keys.signer.private_key)
    return f"{signed}.{encode_part(signature)}"


def _damaged(text: str) -> st.SearchStrategy[str]:
    """The text itself with something changed, cut or added at one place, pieces of it swapped, or any text."""
    places = st.integers(0, len(text))
    return (
        st.builds(
            lambda at, more, cut: text[:at] + more + text[at + cut :],
            places,
            st.text(_LETTERS, max_size=3),
            st.integers(0, 3),
        )
        | st.builds(lambda one, two: text[two:] + text[one:two] + text[:one], places, places)
        | st.text(max_size=30)
    )


def _with_checksum() -> st.SearchStrategy[str]:
    """Anything between a prefix and the right checksum for it."""
    from core.domain.tokens import grant_token

    payloads = st.binary(min_size=54, max_size=54).map(lambda raw: urlsafe_b64encode(raw).decode())
    bodies = st.builds(
        lambda prefix, payload: f"{prefix}{payload}",
        st.sampled_from([kind.prefix for kind in TokenKind]),
        payloads | st.text("Aa0-_+/=.", min_size=72, max_size=72),
    )
    return bodies.map(lambda body: body + grant_token._checksum(body))


_PAGE_TOKENS = (
    st.binary(min_size=24, max_size=24).map(lambda raw: urlsafe_b64encode(raw).decode())
    | st.text(_LETTERS, max_size=40)
    | st.text(max_size=10)
)


def _is_a_token_or_none(house: House, text: str) -> None:
    found = find_access_token(text, house.keys, ISSUER)
    if found is not None:
        _require_types(found)
        house.validation.validate(text, ISSUER)


def _require_types(token: AccessToken) -> None:
    texts = (
        token.token_id,
        token.subject,
        token.client_id,
        token.grant_id,
        token.key_id,
        *token.scope,
        *token.audience,
    )
    assert all(isinstance(text, str) for text in texts), token
    assert all(type(number) is int for number in (token.issued_at, token.expires_at, token.revision)), token


def _is_inactive_unless(house: House, real: str, text: str) -> None:
    if text == real:
        return
    try:
        assert not isinstance(house.validation.validate(text, ISSUER), ValidToken)
    except InvalidArgument:
        assert text == ""


def _has_one_spelling(text: str) -> None:
    for kind in TokenKind:
        token = find_grant_token(text, kind)
        assert token is None or _payload(token) == text[len(kind.prefix) : -6]


def _payload(token: GrantToken) -> str:
    raw = bytes([token.key_id, token.kind.byte]) + token.grant_id + token.generation.to_bytes(4, "big") + token.tag
    return urlsafe_b64encode(raw).decode()


def _is_nobodys_unless(issued: Issued) -> Callable[[str], None]:
    def holds(text: str) -> None:
        assert (issued.house.logins.find_user(text) is not None) == (text == issued.session_token)

    return holds


def _is_closed_unless(issued: Issued) -> Callable[[str], None]:
    def holds(text: str) -> None:
        try:
            issued.house.seal.require_open(text, BINDING)
        except InvalidRequest:
            assert text != issued.sealed_request
        else:
            assert text == issued.sealed_request

    return holds


def _is_a_page_or_refused(house: House) -> Callable[[str], None]:
    grants: GrantAdministration = house.grants

    def holds(text: str) -> None:
        try:
            grants.list(username="", client_id="", include_ended=True, limit=2, page_token=text)
        except InvalidArgument:
            return

    return holds
