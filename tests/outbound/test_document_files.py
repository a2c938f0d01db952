"""Documents out of files (draft, "Pre-Registering Client Identifier URLs")."""

from pathlib import Path

import pytest

from core.outbound.document_files import DocumentFileRefused, read_document_files
from tests.document_host import a_document

CLIENT = "https://client.example/client.json"


def write(folder: Path, name: str, content: bytes) -> Path:
    """A file with this in it."""
    (folder / name).write_bytes(content)
    return folder / name


def test_files(tmp_path: Path) -> None:
    """Each file is a document as its host would serve it, and tells itself whose it is."""
    files = [
        write(tmp_path, "one", a_document(CLIENT, client_name="One")),
        write(tmp_path, "other", a_document("https://other.example/c", client_name="Other")),
    ]

    found = read_document_files(files)

    assert [(each.url.text, each.members["client_name"]) for each in found] == [
        (CLIENT, "One"),
        ("https://other.example/c", "Other"),
    ]
    assert read_document_files([]) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "client_id is not an https URL"),
        (a_document("client_1"), "client_id is not an https URL"),
        (a_document("https://client.example"), "must have a path"),
        (a_document(CLIENT, redirect_uris=None), "redirect_uris"),
        (a_document(CLIENT, client_secret="s"), "client_secret"),
        (a_document(CLIENT, client_name="x" * 2000, software_id="y" * 2000, scope="z" * 2000), "larger than 5 KB"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, content: bytes, reason: str) -> None:
    """One line names the file and says what is wrong with it, and which of the settings it is."""
    files = [write(tmp_path, "good", a_document("https://good.example/c")), write(tmp_path, "bad", content)]

    with pytest.raises(DocumentFileRefused, match=reason) as caught:
        read_document_files(files)

    assert caught.value.number == 1
    assert str(files[1]) in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """Said as well as everything else."""
    with pytest.raises(DocumentFileRefused, match="No such file"):
        read_document_files([tmp_path / "nowhere"])


def test_one_client_twice(tmp_path: Path) -> None:
    """Two files about one client: nobody could tell which of them counts."""
    files = [write(tmp_path, name, a_document(CLIENT)) for name in ("one", "two")]

    with pytest.raises(DocumentFileRefused, match="as a file above is already"):
        read_document_files(files)
