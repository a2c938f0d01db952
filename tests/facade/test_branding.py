"""An operator's name, logo and colours: they change how the pages look, and nothing that keeps them safe."""

import struct
import zlib
from pathlib import Path

import pytest

from facade.branding import Branding, Color, Logo, parse_color, read_logo
from facade.pages.rendering import Pages
from facade.settings import parse_address

_SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4">%s</svg>'
_PATH = b'<path d="M0 0h4v4z"/>'


def png() -> bytes:
    """One grey pixel (PNG, third edition, §5.3)."""
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"\0\x80")),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def logo(folder: Path, body: bytes) -> Logo:
    """As it is read from a file; what the file is called does not matter."""
    (folder / "logo").write_bytes(body)
    return read_logo(folder / "logo")


def test_a_logo_is_served_as_what_it_is(tmp_path: Path) -> None:
    """RFC 9110 §8.3: the type follows the content, not the file's name."""
    for body, suffix, content_type in ((png(), ".png", "image/png"), (_SVG % _PATH, ".svg", "image/svg+xml")):
        pages = Pages(parse_address("https://h.example"), Branding(logo=logo(tmp_path, body)))
        [(name, asset)] = [each for each in pages.assets.items() if each[0].startswith("logo.")]

        assert name.endswith(suffix)
        assert asset.content_type == content_type
        assert b"M0 0h4v4z" in asset.body or asset.body == body


@pytest.mark.parametrize(
    "hostile",
    [
        b"<script>alert(1)</script>",
        b'<script href="https://evil.example/x.js"/>',
        b'<g onload="alert(1)"/>',
        b'<a href="javascript:alert(1)"><text>x</text></a>',
        b'<foreignObject><iframe xmlns="http://www.w3.org/1999/xhtml" src="https://evil.example/"/></foreignObject>',
        b'<image href="https://evil.example/x.png"/>',
        b"<style>@import 'https://evil.example/x.css';</style>",
        b'<rect style="fill:url(https://evil.example/x)"/>',
        b'<use href="https://evil.example/x.svg#a"/>',
        b'<h:script xmlns:h="http://www.w3.org/1999/xhtml">alert(1)</h:script>',
        b'<animate attributeName="href" to="javascript:alert(1)"/>',
    ],
)
def test_nothing_in_a_logo_runs_or_is_fetched(tmp_path: Path, hostile: bytes) -> None:
    """SVG 2 §2.2: scripts, handlers, foreign elements and other hosts are left out, the drawing stays."""
    body = logo(tmp_path, _SVG % (hostile + _PATH)).body

    assert b"M0 0h4v4z" in body
    for never in (
        b"script>",
        b"onload",
        b"alert(1)<",
        b"iframe",
        b"//evil.example/x.",
        b"url(https",
        b'attributeName="href"',
    ):
        assert never not in body


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b"", "allowed is an image in SVG or PNG"),
        (b"<html><script>alert(1)</script></html>", "allowed is an image in SVG or PNG"),
        (b"GIF89a", "allowed is an image in SVG or PNG"),
        (b"<svg", "allowed is an image in SVG or PNG"),
        (_SVG % (b" " * 262144), "allowed are 256 KB; this is more"),
    ],
)
def test_a_file_that_is_no_logo_is_refused(tmp_path: Path, body: bytes, refusal: str) -> None:
    """One sentence that says what is allowed."""
    with pytest.raises(ValueError, match=f"^{refusal}$"):
        logo(tmp_path, body)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """The system's own words say why."""
    with pytest.raises(ValueError, match=r"^allowed is a file that can be read: No such file or directory$"):
        read_logo(tmp_path / "nothing")


def test_colours_come_by_a_stylesheet_of_our_own() -> None:
    """CSP Level 3 §6.3: style-src stays 'self', for the page has no style of its own; the last sheet wins."""
    address = parse_address("https://h.example")
    colors = (Color("light", "accent", "#7a1fa2"), Color("dark", "accent", "#cf9ee6"))
    pages = Pages(address, Branding(name="Acme <Ltd>", colors=colors))
    response = pages.render("device_decided.html", {"allowed": True})
    assert response.body is not None
    page = response.body.decode()
    [(name, asset)] = [each for each in pages.assets.items() if each[0].startswith("colors.")]

    assert asset.body.decode() == (
        "@media not all and (prefers-color-scheme: dark) {\n  :root {\n    --accent: #7a1fa2;\n  }\n}\n"
        "@media (prefers-color-scheme: dark) {\n  :root {\n    --accent: #cf9ee6;\n  }\n}\n"
    )
    assert page.index("page.") < page.index(name)
    assert "style=" not in page
    assert "<style" not in page
    assert "style-src 'self';" in response.headers["Content-Security-Policy"]
    assert "· Acme &lt;Ltd&gt;</title>" in page
    assert "<span>Acme &lt;Ltd&gt;</span>" in page
    assert not any(each.startswith("colors.") for each in Pages(address).assets)


@pytest.mark.parametrize(
    "text", ["accent=#123456", "light:accent=red", "light:accent=#123456;x", "light:A=#123456", ""]
)
def test_what_is_no_colour_never_gets_into_the_stylesheet(text: str) -> None:
    """CSS is put together from names of ours and six digits alone."""
    with pytest.raises(ValueError, match="a colour is"):
        parse_color(text)
