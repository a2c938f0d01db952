"""Other OpenID providers as operators write them, and what they need beside each other."""

from pathlib import Path

import pytest

from core.domain.policy import UpstreamPolicy, UpstreamProvider
from tests.config.every_setting import EVERY_SETTING
from tests.config.writing import load_text, refusal_of

GOOD = "[UpstreamProvider]\nIssuer = a: https://id.example.com\nClientId = a: us\n"


@pytest.mark.parametrize(
    ("lines", "place", "reason"),
    [
        ("Issuer = https://id.example.com", "4: UpstreamProvider.Issuer", "`name: https URL`"),
        ("Issuer = b: http://id.example.org", "4: UpstreamProvider.Issuer", "an https:// URL"),
        ("Issuer = b: https://u@id.example.org", "4: UpstreamProvider.Issuer", "without user information"),
        ("Issuer = b: https://id.example.org/?x", "4: UpstreamProvider.Issuer", "query"),
        ("Issuer = b: https://id.example.org", "4: UpstreamProvider.Issuer", "b has none"),
        ("Issuer = a: https://id.example.org", "4: UpstreamProvider.Issuer", "one line for each provider"),
        ("Issuer = b: https://id.example.com\nClientId = b: us", "4: UpstreamProvider.Issuer", "for each issuer"),
        ("ClientId = c: us", "4: UpstreamProvider.ClientId", "Issuer: a"),
        ("Label = a: One\nLabel = a: Two", "5: UpstreamProvider.Label", "one line for each provider"),
        ("Scope = a: profile", "4: UpstreamProvider.Scope", "openid among them"),
        ("GroupClaim = a: groups", "4: UpstreamProvider.GroupClaim", "at least one Group"),
        ("Group = a: x -> y", "4: UpstreamProvider.Group", "GroupClaim"),
        ("GroupClaim = a: groups\nGroup = a: staff", "5: UpstreamProvider.Group", "their group -> our group"),
        ("GroupClaim = a: groups\nGroup = a: staff -> *", "5: UpstreamProvider.Group", "`* -> *`"),
        ("AllowedDomain = a: https://example.com", "4: UpstreamProvider.AllowedDomain", "without a scheme"),
        ("CreateUsers = a: perhaps", "4: UpstreamProvider.CreateUsers", "true or false"),
    ],
)
def test_one_line_says_what_is_wrong(tmp_path: Path, lines: str, place: str, reason: str) -> None:
    """Each refusal names file, line and setting, and what is allowed there."""
    refusal = refusal_of(tmp_path, GOOD + lines)

    assert f":{place}: " in refusal
    assert reason in refusal


def test_somebody_can_sign_in(tmp_path: Path) -> None:
    """Passwords are switched off only where there is another way in."""
    assert "together with an UpstreamProvider" in refusal_of(tmp_path, "[Server]\nLocalUsers = false\n")
    assert not load_text(tmp_path, f"{GOOD}[Server]\nLocalUsers = false\n").policy().upstream.local_users


def test_a_secret_from_the_environment(tmp_path: Path) -> None:
    """The variable takes the place of the file's lines, and no error repeats it."""
    variable = "TOKENHOUSE_UPSTREAMPROVIDER_CLIENTSECRET"

    policy = load_text(tmp_path, GOOD, {variable: "a: hush"}).policy()
    assert policy.upstream.providers[0].client_secret == "hush"
    assert "hush" not in repr(policy)
    refusal = refusal_of(tmp_path, GOOD, {variable: "b: hush"})
    assert refusal.startswith(f"{variable}: ")
    assert "hush" not in refusal
    assert "mode 0600" in refusal_of(tmp_path, f"{GOOD}ClientSecret = a: hush")
    both = refusal_of(tmp_path, f"{GOOD}ClientSecretFile = a: f", {variable: "a: hush"})
    assert "either this or ClientSecretFile" in both


def test_every_setting_of_a_provider(tmp_path: Path) -> None:
    """A provider is what its lines make together, and what it says nothing of has its default."""
    policy = load_text(tmp_path, EVERY_SETTING).policy()
    assert policy.upstream == UpstreamPolicy(
        local_users=False,
        providers=(
            UpstreamProvider(
                name="company",
                label="Example Company",
                issuer="https://sso.example.com/realms/staff",
                client_id="tokenhouse",
                client_secret=None,
                client_secret_file=tmp_path / "secrets" / "company",
                scope="openid profile groups",
                username_claims=("upn",),
                group_claim="groups",
                groups=(("IT Admins", "operators"),),
                allowed_domains=("example.com",),
                creates_users=False,
            ),
            UpstreamProvider(
                name="partner",
                label="id.example.org",
                issuer="https://id.example.org",
                client_id="tokenhouse",
                client_secret=None,
                client_secret_file=None,
                scope="openid profile email",
                username_claims=("preferred_username", "email"),
                group_claim=None,
                groups=(),
                allowed_domains=(),
                creates_users=True,
            ),
        ),
    )
