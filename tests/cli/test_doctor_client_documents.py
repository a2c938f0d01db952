"""What `tokenhouse doctor` says of clients' documents in files."""

from pathlib import Path

from core.doctor.client_documents import examine_documents
from tests.cli.command import Operator
from tests.config.writing import load_text
from tests.document_host import a_document


def test_documents(tmp_path: Path) -> None:
    """Each is named by its client; without any there is nothing to say."""
    (tmp_path / "tool.json").write_bytes(a_document("https://client.example/tool"))

    (found,) = examine_documents(load_text(tmp_path, "[ClientDocuments]\nFile = tool.json\n"))

    assert (found.verdict.value, found.words) == ("good", "https://client.example/tool is known from a file")
    assert list(examine_documents(load_text(tmp_path, ""))) == []


def test_the_command_says_which_file_is_wrong(tmp_path: Path) -> None:
    """As a start would, with the line of the configuration."""
    (tmp_path / "tool.json").write_bytes(a_document("https://client.example/tool", client_secret="s"))
    config = tmp_path / "tokenhouse.conf"
    config.write_text("[ClientDocuments]\nFile = tool.json\n")

    called = Operator(config)("doctor")

    assert called.status == 1
    assert (
        f"{config}:2: ClientDocuments.File: {tmp_path}/tool.json cannot be used: it has client_secret" in called.stdout
    )
