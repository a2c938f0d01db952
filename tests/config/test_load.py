"""Reading the configuration: which file, what wins, what is refused and how."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.addresses import ListenAddress
from core.config.config import Config, TracingSettings
from core.config.errors import ConfigError
from core.config.load import load_config
from core.config.settings import SETTINGS
from core.domain.keys.rotation_schedule import RotationSchedule
from core.domain.limits.rate import Rate
from core.domain.policy import (
    DeviceFlowPolicy,
    DocumentPolicy,
    RegistrationMode,
    RegistrationPolicy,
    Scope,
)
from tests.config.every_setting import EVERY_SETTING
from tests.config.writing import load_text, refusal_of

KEY = "A" * 43


def test_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a file and variables every setting has its default, below the current folder (README, Every setting)."""
    monkeypatch.chdir(tmp_path)

    config = load_config(None, {})

    assert config.file is None
    assert config.server.address == "http://localhost:8080"
    assert config.grpc.socket == tmp_path / "data" / "core.sock"
    assert config.grpc.admin_socket == tmp_path / "data" / "admin.sock"
    assert config.keys.master_key_file == tmp_path / "data" / "master.key"
    assert config.database_folder == tmp_path / "data" / "database"
    assert (config.metrics.core_listen, config.metrics.facade_listen) == (None, None)
    assert config.tracing == TracingSettings(None, 1.0)
    policy = config.policy()
    assert policy.issuer == "http://localhost:8080"
    assert policy.scopes == (Scope("mcp", "Use MCP servers as you"),)
    assert policy.default_scope == ("mcp",)
    assert (policy.access_token_lifetime, policy.refresh_token_lifetime) == (3600, 30 * 86400)
    assert (policy.login_failures, policy.token_requests.count) == (Rate(10, 900), 0)
    assert policy.client_documents == DocumentPolicy(
        fetch=True, allowed_domains=(), refused_domains=(), trusted_hosts=(), fetches=Rate(30, 60)
    )
    assert policy.device_flow == DeviceFlowPolicy(True, 600, Rate(600, 3600), Rate(10, 900))


def test_every_setting_from_the_file(tmp_path: Path) -> None:
    """Each setting of the README's example is read, names in any case (README, Every setting)."""

    config = load_text(tmp_path, EVERY_SETTING)

    assert config.server.address == "https://auth.example.com/tokens"
    assert [str(network) for network in config.server.trusted_proxies] == ["10.0.0.0/8", "192.0.2.1/32"]
    assert config.server.data_dir == tmp_path / "state"
    assert config.grpc.socket == tmp_path / "run" / "core.sock"
    assert config.keys.master_key_file == tmp_path / "keys" / "master.key"
    assert config.grpc.reflection is True
    assert config.tracing == TracingSettings("http://127.0.0.1:4318/v1/traces", 0.25)
    assert [config.metrics.core_listen, config.metrics.facade_listen] == [
        ListenAddress("127.0.0.1", 9464),
        ListenAddress("127.0.0.1", 9465),
    ]
    assert (config.pages.name, config.pages.logo) == ("Acme", tmp_path / "pages" / "logo.svg")
    assert config.pages.colors["dark", "accent"] == "#cf9ee6"
    assert config.audit.stream == tmp_path / "audit.jsonl"
    policy = config.policy()
    assert policy.audit_retention == 30 * 24 * 3600
    assert not policy.clients_enabled
    assert not policy.server_wide_tokens
    assert policy.scopes == (
        Scope("read", 'Read "things"', (("de-at", "Dinge lesen"),)),
        Scope("write", "Write things"),
    )
    assert policy.default_scope == ("read",)
    assert policy.privileged_scopes == {"write"}
    assert policy.refresh_reuse_window == 0
    assert policy.service_documentation == "https://docs.example.com/connect"
    assert policy.token_requests == Rate(100, 1)
    assert policy.signing_key_rotation == RotationSchedule(None, 600)
    assert policy.client_documents == DocumentPolicy(
        fetch=False,
        allowed_domains=("example.com",),
        refused_domains=("bad.example.com",),
        trusted_hosts=("claude.ai", "tools.example.com:8443"),
        fetches=Rate(7, 3600),
    )
    assert policy.device_flow == DeviceFlowPolicy(False, 300, Rate(3, 60), Rate(5, 3600))
    assert policy.operator_group == "the operators"
    assert policy.registration == RegistrationPolicy(RegistrationMode.TOKEN, None, 90 * 24 * 3600)
    assert config.client_documents.files == (tmp_path / "clients" / "tool.json",)
    written = {name for name, found in config.found.items() if found.place != "default"}
    assert written == {setting.name for setting in SETTINGS} - {
        "Keys.MasterKey",
        "Grpc.CallerToken",
        "UpstreamProvider.ClientSecret",
    }


def test_environment_beats_file(tmp_path: Path) -> None:
    """The environment wins over the file, which wins over the default; each says where it came from (README)."""
    environment = {
        "TOKENHOUSE_SERVER_LISTEN": "127.0.0.1:9999",
        "TOKENHOUSE_OAUTH_SCOPE": "a: First\n\n b: Second \n",
        "TOKENHOUSE_SERVER_TRUSTEDPROXY": "",
    }

    config = load_text(
        tmp_path, "[Server]\nListen = 127.0.0.1:1\nTrustedProxy = ::1\n[OAuth]\nScope = c: Third\n", environment
    )

    assert config.server.listen.port == 9999
    assert [scope.name for scope in config.oauth.scopes] == ["a", "b"]
    assert config.server.trusted_proxies == ()
    assert config.found["Server.Listen"].places == ("TOKENHOUSE_SERVER_LISTEN",)
    assert config.found["Server.TrustedProxy"].place == "TOKENHOUSE_SERVER_TRUSTEDPROXY"
    assert config.found["Server.Address"].place == "default"


def test_relative_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path is relative to the file it stands in; from the environment to the current folder (README)."""
    elsewhere, here = tmp_path / "etc", tmp_path / "here"
    elsewhere.mkdir()
    here.mkdir()
    monkeypatch.chdir(here)

    config = load_text(elsewhere, "[Grpc]\nSocket = a.sock\n", {"TOKENHOUSE_GRPC_ADMINSOCKET": "b.sock"})

    assert config.grpc.socket == elsewhere / "a.sock"
    assert config.grpc.admin_socket == here / "b.sock"
    assert config.server.data_dir == elsewhere / "data"


def test_which_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The named file wins over TOKENHOUSE_CONFIG, and that over tokenhouse.conf in the current folder (README)."""
    monkeypatch.chdir(tmp_path)
    for name in ("tokenhouse.conf", "variable.conf", "named.conf"):
        Path(name).write_text(f"[Server]\nDataDir = {name}.data\n", encoding="utf-8")
    variable = {"TOKENHOUSE_CONFIG": "variable.conf"}

    assert load_config(None, {}).server.data_dir.name == "tokenhouse.conf.data"
    assert load_config(None, {"TOKENHOUSE_CONFIG": ""}).server.data_dir.name == "tokenhouse.conf.data"
    assert load_config(None, variable).server.data_dir.name == "variable.conf.data"
    assert load_config(Path("named.conf"), variable).server.data_dir.name == "named.conf.data"


def test_missing_file(tmp_path: Path) -> None:
    """A file that was named and cannot be read is an error, never the defaults."""
    with pytest.raises(ConfigError, match=r"absent\.conf: cannot be read"):
        load_config(tmp_path / "absent.conf", {})
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path, {})


def test_not_text(tmp_path: Path) -> None:
    """A file that is not UTF-8 is refused at the line where it is none."""
    (tmp_path / "tokenhouse.conf").write_bytes(b"[Server]\nAddress = \xff\n")

    with pytest.raises(ConfigError, match=r"tokenhouse\.conf:2: is not UTF-8"):
        load_config(tmp_path / "tokenhouse.conf", {})


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("[Sever]\nAddress = x", "tokenhouse.conf:1: [Sever]: unknown section; allowed: [Server], [OAuth], "),
        ("[Server]\n[Servr]", "tokenhouse.conf:2: [Servr]: unknown section; allowed: [Server], [OAuth], "),
        (
            "[Server]\n\nAdress = x",
            "tokenhouse.conf:3: Server.Adress: unknown setting; allowed here: Address, Listen, ",
        ),
        (
            "[Server]\nAddress = http://auth.example.com",
            "tokenhouse.conf:2: Server.Address: allowed is an https:// URL",
        ),
        ("[Server]\nAddress =", "tokenhouse.conf:2: Server.Address: needs a value"),
        ('[OAuth]\nScope = "a: b\x07"', "tokenhouse.conf:2: OAuth.Scope: needs a value, without control characters"),
        (
            "[Server]\nListen = a:1\nListen = b:2",
            "tokenhouse.conf:3: Server.Listen: may stand once, and stands already",
        ),
        (
            "[Keys]\nSigningKeyRotationPeriod = 59m",
            "tokenhouse.conf:2: Keys.SigningKeyRotationPeriod: allowed is 1h to 3650d, or never",
        ),
        (
            "[Keys]\nSigningKeyRotationPeriod = quarterly",
            "tokenhouse.conf:2: Keys.SigningKeyRotationPeriod: allowed is "
            "a whole number with s, m, h or d, such as 90s or 30d, or never",
        ),
        ("[OAuth]\nAccessTokenLifetime = 25h", "tokenhouse.conf:2: OAuth.AccessTokenLifetime: allowed is 1s to 1d"),
        ("[OAuth]\nCodeLifetime = 11m", "tokenhouse.conf:2: OAuth.CodeLifetime: allowed is 1s to 10m"),
        ("[OAuth]\nCodeLifetime = 0", "tokenhouse.conf:2: OAuth.CodeLifetime: allowed is 1s to 10m"),
        ("[OAuth]\nRefreshReuseWindow = 601s", "tokenhouse.conf:2: OAuth.RefreshReuseWindow: allowed is 0s to 10m"),
        ("[Server]\nOAuthClientsEnabled = maybe", "tokenhouse.conf:2: Server.OAuthClientsEnabled: allowed is true or"),
        (
            "[Server]\nOAuthAllowedRedirectURI = https://*.a/",
            "tokenhouse.conf:2: Server.OAuthAllowedRedirectURI: allowed",
        ),
        ("[Grpc]\nSocket = " + "x" * 120, "tokenhouse.conf:2: Grpc.Socket: allowed is a path of at most 107 bytes"),
        ("[Server]\nDataDir = " + "x" * 120, "tokenhouse.conf:2: Grpc.Socket: allowed is a path of at most 107 bytes"),
    ],
)
def test_refusal(tmp_path: Path, text: str, refusal: str) -> None:
    """What is wrong is refused in one line: file, line, setting, what is allowed (README, Every setting)."""
    assert refusal_of(tmp_path, text).startswith(refusal)


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("TOKENHOUSE_SERVER_ADDRESS", "http://auth.example.com"),
        ("TOKENHOUSE_SERVER_LISTEN", ""),
        ("TOKENHOUSE_SERVER_ADRESS", "http://localhost"),
        ("TOKENHOUSE_GRPC_PORTS", "1"),
        ("TOKENHOUSE_LIMITS_LOGIN_FAILURES", "1/m"),
        ("TOKENHOUSE_server_ADDRESS", "http://localhost"),
        ("TOKENHOUSE_LIMIT_LOGINFAILURES", "10/15m"),
        ("TOKENHOUSE_FOO_BAR", "x"),
        ("TOKENHOUSE_ADDRESS", "http://localhost"),
        ("TOKENHOUSE_", ""),
    ],
)
def test_refused_variable(tmp_path: Path, variable: str, text: str) -> None:
    """A variable that looks like a setting is one, or the server does not start; the line names it (README)."""
    assert refusal_of(tmp_path, "", {variable: text}).startswith(f"{variable}: ")


def test_how_many_lines(tmp_path: Path) -> None:
    """A thousand lines that set something are read, of a file or a variable; the next one is refused (README)."""
    scopes = [f"scope-{number}: Do it" for number in range(1001)]
    lines = ["[OAuth]", *(f"Scope = {scope}" for scope in scopes)]
    variable = "TOKENHOUSE_OAUTH_SCOPE"

    assert len(load_text(tmp_path, "\n".join(lines[:1001])).oauth.scopes) == 1000
    assert refusal_of(tmp_path, "\n".join(lines)).startswith("tokenhouse.conf:1002: allowed are 1000 lines that set ")
    assert len(load_text(tmp_path, "", {variable: "\n".join(scopes[:1000])}).oauth.scopes) == 1000
    assert refusal_of(tmp_path, "", {variable: "\n".join(scopes)}).startswith(f"{variable}: allowed are 1000 lines ")


@pytest.mark.parametrize(
    "variable",
    [
        "TOKENHOUSE_CONFIG",
        "TOKENHOUSE_STATUS_FD",
        "TOKENHOUSE_LIFELINE_FD",
        "TOKENHOUSE_SERVICE_HOST",
        "TOKENHOUSE_SERVICE_PORT",
        "TOKENHOUSE_SERVICE_PORT_HTTP",
        "TOKENHOUSE_PORT",
        "TOKENHOUSE_PORT_8080_TCP",
        "TOKENHOUSE_PORT_8080_TCP_PROTO",
        "TOKENHOUSE_FACADE_SERVICE_HOST",
        "TOKENHOUSE_GRPC_PORT",
        "TOKENHOUSE_GRPC_PORT_50051_TCP_ADDR",
        "TOKENHOUSE_GRPC_SERVICE_HOST",
        "TOKENHOUSE_GRPC_SERVICE_PORT_GRPC",
    ],
)
def test_other_variables(tmp_path: Path, variable: str) -> None:
    """What container platforms set for a service called tokenhouse or tokenhouse-grpc is no setting."""
    assert load_text(tmp_path, "", {variable: "tcp://10.0.0.1:50051"}).grpc.listen.port == 50051


def test_secret_in_a_private_file(tmp_path: Path) -> None:
    """The master key may stand in a file that its owner alone can read, and nowhere shows (README, [Keys])."""
    text = f"[Keys]\nMasterKey = {KEY}\n"
    file = tmp_path / "tokenhouse.conf"
    file.touch(mode=0o600)

    config = load_text(tmp_path, text)

    assert config.keys.master_key == bytes(32)
    assert config.found["Keys.MasterKey"].shown == ("(hidden)",)
    assert KEY not in repr(config)
    assert repr(bytes(32)) not in repr(config) + repr(config.found)
    file.chmod(0o640)
    assert "Keys.MasterKey: allowed in a file that its owner alone can read" in refusal_of(tmp_path, text)


def test_refusals_repeat_no_value(tmp_path: Path) -> None:
    """A secret that was put into the wrong place is not repeated in the refusal."""
    for text in (
        f"[Server]\nAddress = https://u:{KEY}@a.example/\n",
        f"[Keys]\nMasterKeyFile = a\nMasterKey = {KEY}x\n",
    ):
        assert KEY not in refusal_of(tmp_path, text)
    assert KEY not in refusal_of(tmp_path, "", {"TOKENHOUSE_KEYS_MASTERKEY": f"{KEY}=="})


NAMES = st.sampled_from([setting.name for setting in SETTINGS])
VALUES = st.text(max_size=40) | st.sampled_from(["1h", "0", "true", "http://localhost", "10/15m", "a: b", "::1", "x:1"])


@given(st.lists(st.tuples(NAMES, VALUES), max_size=5))
def test_any_values(tmp_path_factory: pytest.TempPathFactory, assignments: list[tuple[str, str]]) -> None:
    """Any values make a configuration or a ConfigError of one printable line; nothing else escapes."""
    lines = [f"[{name.partition('.')[0]}]\n{name.partition('.')[2]} = {value}" for name, value in assignments]
    file = tmp_path_factory.getbasetemp() / "any.conf"
    file.write_bytes("\n".join(lines).encode(errors="ignore"))
    os.chmod(file, 0o600)
    try:
        config = load_config(file, {})
    except ConfigError as error:
        assert str(error).isprintable()
    else:
        assert isinstance(config, Config)
        assert config.policy().scopes


@pytest.mark.parametrize(
    ("text", "period", "shown"), [("never", None, "never"), ("0", None, "never"), ("24h", 86400, "1d")]
)
def test_a_key_may_sign_for_good(tmp_path: Path, text: str, period: int | None, shown: str) -> None:
    """README, Every setting: `never` and 0 are the same, and shown as `never`."""
    file = tmp_path / "tokenhouse.conf"
    file.write_text(f"[Keys]\nSigningKeyRotationPeriod = {text}\n")
    config = load_config(file, {})
    assert config.policy().signing_key_rotation.period == period
    assert config.found["Keys.SigningKeyRotationPeriod"].shown == (shown,)
