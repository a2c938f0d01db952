"""Which language a request gets, and what its reply says of it."""

from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facade.texts.languages import CATALOGUES, choose_texts, current_texts
from tests.facade.pair import Pair
from tests.plain_http import plain_client

_WISHES = [
    ([], "en"),
    (["de"], "de"),
    (["DE"], "de"),
    (["de-AT,de;q=0.9,en;q=0.8"], "de"),
    (["de-AT"], "de"),
    (["en-GB,en;q=0.9,de;q=0.8"], "en"),
    (["fr-CH, fr;q=0.9, de;q=0.7, en;q=0.3"], "de"),
    (["fr", "de;q=0.5"], "de"),
    (["fr"], "en"),
    (["*"], "en"),
    (["de;q=0"], "en"),
    (["de;q=0, en;q=0"], "en"),
    (["de;q=much, ;;,"], "en"),
    ([""], "en"),
    # Of more than 512 characters the beginning is read, up to its last comma.
    (["de," + "fr," * 10_000], "de"),
    (["fr," * 10_000 + "de"], "en"),
    (["f" * 600 + ",de"], "en"),
]


@pytest.fixture
def client(pair: Pair) -> Iterator[httpx.Client]:
    """One that keeps its connection."""
    with plain_client(pair.base) as opened:
        yield opened


@pytest.mark.parametrize(("lines", "language"), _WISHES)
def test_the_browsers_wish_is_followed(lines: list[str], language: str) -> None:
    """RFC 9110 §12.5.4, RFC 4647 §3.4: weights decide, a region falls back to its language, lines count as one."""
    choose_texts(lines)

    assert current_texts().language == language


@given(st.lists(st.text(max_size=300), max_size=3))
def test_whatever_is_wished_there_is_a_language(lines: list[str]) -> None:
    """RFC 9110 §12.5.4: a wish that cannot be fulfilled, or read, is passed over."""
    choose_texts(lines)

    assert current_texts().language in CATALOGUES


@pytest.mark.parametrize(
    ("wish", "language", "title"), [("de-DE", "de", "Hier ist nichts"), ("", "en", "There is noth")]
)
@pytest.mark.parametrize("path", ["/oauth/v1/authorize", "/nowhere"])
def test_what_people_read_says_its_language(
    client: httpx.Client, path: str, wish: str, language: str, title: str
) -> None:
    """RFC 9110 §8.5, §12.5.5: Content-Language, and Vary for caches; HTML's lang for screen readers (WCAG 3.1.1)."""
    reply = client.get(path, headers={"Accept-Language": wish})

    assert reply.headers["Content-Language"] == language
    assert reply.headers["Vary"].endswith("Accept-Language")
    assert reply.headers["Content-Type"].endswith("; charset=utf-8")
    if path == "/nowhere":
        assert reply.text.startswith(title)
    else:
        assert f'<html lang="{language}">' in reply.text


def test_what_programs_read_is_english(client: httpx.Client) -> None:
    """RFC 6749 §5.2: error_description is ASCII, for the client's developer; nothing there varies."""
    form = {"grant_type": "refresh_token", "refresh_token": "none", "client_id": "none"}
    reply = client.post("/oauth/v1/token", data=form, headers={"Accept-Language": "de"})

    assert reply.json()["error_description"].isascii()
    assert "Content-Language" not in reply.headers
    assert "Vary" not in reply.headers
    assert reply.content == client.post("/oauth/v1/token", data=form).content


def test_one_connection_may_change_its_mind(client: httpx.Client) -> None:
    """Each request is answered in its own language, whatever the one before it wished for."""
    wishes = ["de", "", "de", "fr"]
    seen = [client.get("/oauth/v1/authorize", headers={"Accept-Language": wish}) for wish in wishes]

    assert [reply.headers["Content-Language"] for reply in seen] == ["de", "en", "de", "en"]
