"""The repository speaks of the product alone."""

import re

from tests.repository.checkout import text_of, tracked_files

#: Put together here, so that this file does not hold what it looks for.
_REGISTRIES = re.compile(
    "|".join(("pypi" r"\.org", "pythonhosted" r"\.org", "npmjs" r"\.(org|com)", "proxy" r"\.golang"))
)
_PRIVATE_FOLDERS = re.compile(r"(?<![\w.:/~<>$}*-])/(?:" + "home|root|Users|work|workspace|builds" + r")/\w")
_INDEX_OPTIONS = re.compile(r"--?(?:extra-)?index" r"-url\s+\S*://|--find" r"-links\s")


def _found(pattern: re.Pattern[str]) -> dict[str, str]:
    """Where the pattern is found first, by file."""
    return {str(path): match[0] for path in tracked_files() if (match := pattern.search(text_of(path)))}


def test_no_registry_hosts() -> None:
    """No tracked file names a package registry: mirrors and proxies are the reader's business."""
    assert _found(_REGISTRIES) == {}


def test_no_registry_options() -> None:
    """No tracked file tells an installer which index to use."""
    assert _found(_INDEX_OPTIONS) == {}


def test_no_absolute_paths() -> None:
    """No tracked file names a folder that only one machine has."""
    assert _found(_PRIVATE_FOLDERS) == {}


def test_nothing_generated_is_tracked() -> None:
    """Stubs, databases, sockets, keys and environments are made, never kept."""
    generated = re.compile(r"_pb2(_grpc)?\.pyi?$|\.(db|sock|key|pem|whl|pyc)$|^(data|stubs|dist|build|\.venv)/")

    assert [str(path) for path in tracked_files() if generated.search(str(path))] == []
