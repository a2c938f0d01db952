"""Answers that have the same user, client, scopes, audience and groups: these are read once, and kept once."""

import pytest
from tokenhouse_verifier.access_token import AccessToken
from tokenhouse_verifier.cache import Cache
from tokenhouse_verifier.contract.validation_pb2 import ValidateTokenResponse
from tokenhouse_verifier.reading import Reader

FACTS = {
    "active": True,
    "subject": "a" * 32,
    "client_id": "client_1",
    "scope": ["files", "mcp"],
    "audience": ["https://mcp.example.com/mcp"],
    "expires_at": 1_800_000_000,
    "issued_at": 1_799_996_400,
    "token_id": "token 1",
    "grant_id": "b" * 32,
    "username": "ada",
    "groups": ["dev", "ops"],
    "account_active": True,
    "revision": 7,
}


def an_answer(**changes: object) -> ValidateTokenResponse:
    """The core's yes, as it comes over the wire."""
    made = ValidateTokenResponse(**{**FACTS, **changes})  # type: ignore[arg-type]
    return ValidateTokenResponse.FromString(made.SerializeToString())


def a_reader() -> Reader:
    """One that has read nothing."""
    return Reader(Cache(100, 1 << 20))


def as_it_is(answer: ValidateTokenResponse) -> AccessToken:
    """Field for field."""
    return AccessToken(
        answer.subject,
        answer.username,
        answer.client_id,
        tuple(answer.scope),
        tuple(answer.audience),
        tuple(answer.groups),
        answer.expires_at,
        answer.grant_id,
    )


def test_a_renewed_token_has_what_is_its_own() -> None:
    """Expiry and grant are the new answer's; everything else is the same object."""
    reader = a_reader()
    first, _ = reader.read(an_answer())
    second, _ = reader.read(
        an_answer(expires_at=1_800_003_600, issued_at=1_800_000_000, token_id="token 2", grant_id="c" * 32, revision=9)
    )
    assert first == as_it_is(an_answer())
    assert second == first._replace(expires_at=1_800_003_600, grant_id="c" * 32)
    assert all(mine is others for mine, others in zip(first[:6], second[:6], strict=True))


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "d" * 32},
        {"username": "bob"},
        {"client_id": "client_2"},
        {"scope": ["files"]},
        {"scope": []},
        {"scope": ["mcp", "files"]},
        {"audience": ["https://mcp.example.com/mcp", "https://other.example.com/"]},
        {"groups": ["dev"]},
        {"groups": ["de", "vops"]},
        {"groups": [], "username": ""},
    ],
    ids=str,
)
def test_whatever_differs_is_read(changes: dict[str, object]) -> None:
    """A user's groups may change from one token to the next; nobody is taken for somebody else."""
    reader = a_reader()
    reader.read(an_answer())
    token, _ = reader.read(an_answer(**changes))
    assert token == as_it_is(an_answer(**changes))
    again, _ = reader.read(an_answer())
    assert again == as_it_is(an_answer())


def test_what_is_kept_is_bounded() -> None:
    """In number, and no long answer is kept at all."""
    reader = a_reader()
    for number in range(3000):
        token, _ = reader.read(an_answer(subject=f"{number}"))
        assert token.subject == f"{number}"
        assert len(reader._common) <= 1024
    reader.clear()
    long = an_answer(groups=["g" * 1000])
    assert reader.read(long)[0].groups == ("g" * 1000,)
    assert not reader._common
