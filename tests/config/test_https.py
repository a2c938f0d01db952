"""The settings about https at the facade, together."""

from pathlib import Path

import pytest

from core.config.errors import ConfigError
from tests.config.writing import load_text

_ADDRESS = "[Server]\nAddress = https://auth.example.com\n"


def test_a_certificate_and_its_key_make_https(tmp_path: Path) -> None:
    """README, Every setting: paths are relative to the file; nothing set is plain HTTP, behind a proxy."""
    config = load_text(tmp_path, f"{_ADDRESS}CertificateFile = tls/a.pem\nCertificateKeyFile = tls/a.key\n")

    assert config.server.certificate is not None
    assert config.server.certificate.certificate == tmp_path / "tls" / "a.pem"
    assert config.server.certificate.key == tmp_path / "tls" / "a.key"
    assert load_text(tmp_path, _ADDRESS).server.certificate is None


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (
            f"{_ADDRESS}CertificateFile = a.pem\n",
            "CertificateFile: allowed is a certificate with its CertificateKeyFile",
        ),
        (
            f"{_ADDRESS}CertificateKeyFile = a.key\n",
            "CertificateKeyFile: allowed is this together with CertificateFile",
        ),
        (
            "[Server]\n\nCertificateFile = a.pem\nCertificateKeyFile = a.key\n",
            "CertificateFile: allowed is this where Address begins with https://",
        ),
    ],
)
def test_half_of_it_is_refused(tmp_path: Path, text: str, refusal: str) -> None:
    """One line that names the file, the line, the setting and what is allowed (README, Every setting)."""
    with pytest.raises(ConfigError) as refused:
        load_text(tmp_path, text)

    assert str(refused.value) == f"{tmp_path / 'tokenhouse.conf'}:3: Server.{refusal}"
