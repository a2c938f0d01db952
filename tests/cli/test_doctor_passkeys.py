"""What `tokenhouse doctor` says of passkeys."""

from pathlib import Path

import pytest

from core.config.load import load_config
from core.doctor.finding import Verdict
from core.doctor.passkeys import examine_passkeys


@pytest.mark.parametrize(
    ("address", "told"),
    [("http://127.0.0.1:8080", True), ("http://localhost:8080", False), ("https://auth.example.com", False)],
)
def test_why_there_are_none(tmp_path: Path, address: str, told: bool) -> None:
    """WebAuthn Level 3 §5.1.2: an RP ID is a domain. A note, for all else works; nothing where there can be some."""
    config = tmp_path / "tokenhouse.conf"
    config.write_text(f"[Server]\nAddress = {address}\nDataDir = data\n")
    found = [(finding.verdict, finding.words) for finding in examine_passkeys(load_config(config, {}))]

    words = f"Server.Address is {address}: nobody can have passkeys there, browsers keep them for a domain"
    assert found == ([(Verdict.NOTE, f"{words} over https, or for http://localhost")] if told else [])
