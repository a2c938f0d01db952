"""What settings say together."""

from pathlib import Path

import pytest

from tests.config.writing import load_text, refusal_of


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("[OAuth]\nRefreshTokenLifetime = 181d", "tokenhouse.conf:2: OAuth.RefreshTokenLifetime: allowed is Refresh"),
        (
            "[OAuth]\nGrantLifetime = 1d",
            "tokenhouse.conf:2: OAuth.GrantLifetime: allowed is RefreshTokenLifetime up to GrantLifetime; "
            "RefreshTokenLifetime is 30d by default, GrantLifetime is 1d",
        ),
        (
            "[OAuth]\nDefaultScope = all",
            "tokenhouse.conf:2: OAuth.DefaultScope: allowed are the names of [OAuth] Scope: mcp",
        ),
        (
            "[OAuth]\nDefaultScope = mcp\nDefaultScope = all",
            "tokenhouse.conf:3: OAuth.DefaultScope: allowed are the names of [OAuth] Scope: mcp",
        ),
        (
            "[OAuth]\nScope = a: A\nPrivilegedScope = b",
            "tokenhouse.conf:3: OAuth.PrivilegedScope: allowed are the names of [OAuth] Scope: a",
        ),
        (
            "[OAuth]\nScope = a: A\nPrivilegedScope = a",
            "tokenhouse.conf:3: OAuth.PrivilegedScope: at least one scope must not be privileged",
        ),
        (
            "[OAuth]\nScope = a: A\nScope = b: B\nPrivilegedScope = b\nDefaultScope = b",
            "tokenhouse.conf:5: OAuth.DefaultScope: allowed are the names of [OAuth] Scope: a",
        ),
        (
            "[OAuth]\nScope = a: A\nScope = b: B\nScope = a: C",
            "tokenhouse.conf:4: OAuth.Scope: allowed is one line per scope; a has several",
        ),
        (
            "[OAuth]\nScope = a: A\nScopeTranslation = b de: B",
            "tokenhouse.conf:3: OAuth.ScopeTranslation: allowed are the names of [OAuth] Scope: a",
        ),
        (
            "[OAuth]\nScope = a: A\nScopeTranslation = a de: B\nScopeTranslation = a DE: C",
            "tokenhouse.conf:4: OAuth.ScopeTranslation: allowed is one line per scope and language; a de has several",
        ),
        (
            "[OAuth]\nScope = a: A\nScopeTranslation = a: B",
            "tokenhouse.conf:3: OAuth.ScopeTranslation: allowed is `scope language: what the pages say`",
        ),
        (
            "[Grpc]\nSocket = a\nAdminSocket = a",
            "tokenhouse.conf:3: Grpc.AdminSocket: Socket, AdminSocket and MasterKey",
        ),
        ("[Grpc]\nSocket = data/admin.sock", "tokenhouse.conf:2: Grpc.Socket: Socket, AdminSocket and MasterKeyFile"),
        (
            "[Keys]\nMasterKeyFile = data/database/key",
            "tokenhouse.conf:2: Keys.MasterKeyFile: allowed is a path outside",
        ),
        ("[Keys]\nMasterKeyFile = data/database", "tokenhouse.conf:2: Keys.MasterKeyFile: allowed is a path outside"),
        (
            "[Keys]\nMasterKeyFile = data/x/../database/key",
            "tokenhouse.conf:2: Keys.MasterKeyFile: allowed is a path outside",
        ),
        ("[Keys]\nMasterKeyFile = .", "tokenhouse.conf:2: Keys.MasterKeyFile: allowed is a file; a folder is there"),
        (
            "[Metrics]\nCoreListen = 127.0.0.1:50051",
            "tokenhouse.conf:2: Metrics.CoreListen: Grpc.Listen and Metrics.CoreListen need ports of their own",
        ),
        (
            "[Metrics]\nFacadeListen = [::1]:9\nCoreListen = [::1]:9",
            "tokenhouse.conf:2: Metrics.FacadeListen: Metrics.CoreListen and Metrics.FacadeListen need ports",
        ),
        ("[Grpc]\nListen = 127.0.0.1:8080", "tokenhouse.conf:2: Grpc.Listen: Server.Listen and Grpc.Listen need ports"),
    ],
)
def test_contradiction(tmp_path: Path, text: str, refusal: str) -> None:
    """Two settings that contradict each other are refused at the line that somebody wrote."""
    assert refusal_of(tmp_path, text).startswith(refusal)


def test_link_into_the_database(tmp_path: Path) -> None:
    """A link hides nothing: the master key must not lie in the database's folder (README, For operators)."""
    (tmp_path / "data" / "database").mkdir(parents=True)
    (tmp_path / "keys").symlink_to(tmp_path / "data" / "database")

    assert "allowed is a path outside the database's own" in refusal_of(tmp_path, "[Keys]\nMasterKeyFile = keys/key\n")


def test_no_scope_at_all(tmp_path: Path) -> None:
    """Emptying the scopes from the environment leaves nothing to consent to, so it is refused."""
    assert refusal_of(tmp_path, "", {"TOKENHOUSE_OAUTH_SCOPE": ""}).startswith("TOKENHOUSE_OAUTH_SCOPE: OAuth.Scope: ")


def test_equal_lifetimes(tmp_path: Path) -> None:
    """RefreshTokenLifetime may be as long as GrantLifetime (README, [OAuth])."""
    config = load_text(tmp_path, "[OAuth]\nRefreshTokenLifetime = 180d\n")

    assert config.oauth.refresh_token_lifetime == config.oauth.grant_lifetime
