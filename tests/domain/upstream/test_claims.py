"""Claims as the operator's settings read them: a claim of another type than it should be is no claim."""

from dataclasses import replace

import pytest

from core.domain.errors import UpstreamUserRefused
from core.domain.policy import UpstreamProvider
from core.domain.upstream.claims import find_groups, propose_username, require_allowed_domain
from core.domain.upstream.provider import Identity

PROVIDER = UpstreamProvider(
    name="company",
    label="Example Company",
    issuer="https://id.example.com",
    client_id="tokenhouse",
    client_secret=None,
    client_secret_file=None,
    scope="openid",
    username_claims=("preferred_username", "email"),
    group_claim="groups",
    groups=(("IT Admins", "operators"), ("Research", "research"), ("Labs", "research")),
    allowed_domains=("example.com",),
    creates_users=True,
)


def identity(**claims: object) -> Identity:
    """Somebody of whom this is said."""
    return Identity(PROVIDER.issuer, "248289761001", claims)


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "ada@example.com"},
        {"email": "ada@example.com", "email_verified": "true"},
        {"email": "ada@example.com", "email_verified": False},
        {"email": "ada@sub.example.com", "email_verified": True},
        {"email": "ada@example.com.evil.example", "email_verified": True},
        {"email": "example.com", "email_verified": True},
        {"email": ["ada@example.com"], "email_verified": True},
        {},
    ],
)
def test_other_domains_are_refused(claims: dict[str, object]) -> None:
    """OpenID Connect Core §5.1: an address that nobody verified, or of a domain that is not listed, lets nobody in."""
    with pytest.raises(UpstreamUserRefused, match=r"example\.com"):
        require_allowed_domain(identity(**claims), PROVIDER)


def test_a_listed_domain_is_let_in() -> None:
    """In any case; and where none is listed, whoever the provider lets in."""
    require_allowed_domain(identity(email="Ada@EXAMPLE.com", email_verified=True), PROVIDER)
    require_allowed_domain(identity(), replace(PROVIDER, allowed_domains=()))


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"preferred_username": "ada", "email": "a@example.com"}, "ada"),
        ({"preferred_username": "Ada Lovelace", "email": "a@example.com"}, "a@example.com"),
        ({"preferred_username": 7, "email": "x" * 65}, "248289761001"),
        ({}, "248289761001"),
    ],
)
def test_a_new_user_is_named_by_the_first_claim_that_can_be(claims: dict[str, object], name: str) -> None:
    """A claim that can be no user name here is passed over; the sub is the last resort."""
    assert propose_username(identity(**claims), PROVIDER) == name


@pytest.mark.parametrize(
    ("told", "groups"),
    [
        (["IT Admins", "Finance", "Labs", "Research"], ("operators", "research")),
        ("Research", ("research",)),
        (["operators", "it admins"], ()),
        ([["IT Admins"], {"IT Admins": 1}, None], ()),
        ({"IT Admins": True}, ()),
        (None, ()),
    ],
)
def test_groups_that_the_settings_name(told: object, groups: tuple[str, ...]) -> None:
    """Those and no others, whatever a provider calls its groups: none of them is one of ours by its name alone."""
    assert find_groups(identity(groups=told), PROVIDER) == groups


def test_all_groups_under_their_own_names() -> None:
    """`* -> *` takes them as they are, but for names that cannot be shown; too many are nobody's to choose from."""
    everything = replace(PROVIDER, groups=(("*", "*"),))

    assert find_groups(identity(groups=["b", "a", "a", "x\n", ""]), everything) == ("a", "b")
    with pytest.raises(UpstreamUserRefused, match="too many groups"):
        find_groups(identity(groups=[f"g{number}" for number in range(257)]), everything)


def test_groups_are_the_operators_where_no_claim_is_named() -> None:
    """None is not the same as no group: what an operator set stays."""
    assert find_groups(identity(groups=["IT Admins"]), replace(PROVIDER, group_claim=None)) is None
