"""What a reload may change while serving."""

from pathlib import Path

from core.config.reload import merge_reloadable, reload_differences
from tests.config.writing import load_text


def test_nothing_changed(tmp_path: Path) -> None:
    """The same values are no difference, wherever in the file they stand."""
    old = load_text(tmp_path, "[OAuth]\nCodeLifetime = 60s\n")
    new = load_text(tmp_path, "; moved\n[OAuth]\nCodeLifetime = 1m\n")

    assert reload_differences(old, new) == ((), ())


def test_differences(tmp_path: Path) -> None:
    """Lifetimes, scopes, resources, redirect URIs, limits and the switch can change; the rest waits for a restart."""
    old = load_text(tmp_path, "")
    new = load_text(
        tmp_path,
        "[Server]\nAddress = http://localhost:1\nOAuthClientsEnabled = off\nDataDir = other\n"
        "OAuthAllowedRedirectURI = https://a.example/\n"
        "[OAuth]\nCodeLifetime = 10s\nScope = a: A\nResource = https://b.example/\n[Limits]\nRegistrations = 0\n",
    )

    changed, needs_restart = reload_differences(old, new)

    assert set(changed) == {
        "Server.OAuthClientsEnabled",
        "Server.OAuthAllowedRedirectURI",
        "OAuth.CodeLifetime",
        "OAuth.Scope",
        "OAuth.Resource",
        "Limits.Registrations",
    }
    assert set(needs_restart) == {
        "Server.Address",
        "Server.DataDir",
        "Grpc.Socket",
        "Grpc.AdminSocket",
        "Keys.MasterKeyFile",
    }


def test_what_is_in_force_after_a_reload(tmp_path: Path) -> None:
    """After a reload the issuer is still the old one, and the lifetimes are the new ones."""
    old = load_text(tmp_path, "")
    new = load_text(tmp_path, "[Server]\nAddress = http://localhost:1\n[OAuth]\nScope = a: A\nCodeLifetime = 5s\n")

    policy = merge_reloadable(old, new).policy()

    assert policy.issuer == "http://localhost:8080"
    assert policy.code_lifetime == 5
    assert policy.default_scope == ("a",)
