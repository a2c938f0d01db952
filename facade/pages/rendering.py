"""Templates and the files that pages load: all read once at the start, and a template made ready when it is needed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup
from sanic import HTTPResponse

from facade import headers, paths
from facade.branding import OURS, Branding
from facade.errors import Refusal, get_answer
from facade.pages.breaking import breakable
from facade.replies import retry_after
from facade.settings import Address
from facade.texts.languages import current_texts

_HERE = Path(__file__).parent.parent
_CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".js": "text/javascript; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that pages load."""

    body: bytes
    content_type: str


class Pages:
    """Turns templates into replies."""

    def __init__(self, address: Address, branding: Branding = OURS) -> None:
        self.address = address
        #: By the name in the URL, which holds a hash of the content.
        self.assets: dict[str, Asset] = {}
        self._urls = {
            path.name: self._add(path.stem, path.suffix, path.read_bytes())
            for path in sorted((_HERE / "static").iterdir())
        }
        colors, logo = branding.stylesheet(), branding.logo
        logo_url = self._add("logo", logo.suffix, logo.body) if logo else self.asset_url("mark.svg")
        stylesheets = [self.asset_url("page.css"), *([self._add("colors", ".css", colors)] if colors else ())]
        folder = _HERE / "templates"
        environment = Environment(
            # What lies on the disk may soon be another version's; to compile all would be a third of the start.
            loader=DictLoader(
                {str(path.relative_to(folder)): path.read_text("utf-8") for path in folder.rglob("*.html")}
            ),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.globals.update(
            server=address.host,
            product=branding.name or address.host,
            logo_url=logo_url,
            stylesheets=stylesheets,
            asset_url=self.asset_url,
            bdi=set_apart,
            breakable=breakable,
            name=_name,
            device_url=address.path + paths.DEVICE,
            device_logout_url=address.path + paths.DEVICE_LOGOUT,
        )
        self._template = cache(environment.get_template)

    def asset_url(self, file_name: str) -> str:
        """Where a file of `facade/static` is served."""
        return self._urls[file_name]

    def render(
        self,
        template: str,
        values: Mapping[str, object],
        *,
        status: int = 200,
        refusal: Refusal | None = None,
        form_targets: str | None = "",
        script: bool = False,
    ) -> HTTPResponse:
        """A page in the language of the request in progress.

        `refusal`: what it speaks of, which says the status and how long to wait. `form_targets` are the CSP sources
        beyond 'self' that its forms may lead to, None all; `script`: it loads the one of ours, and may.
        """
        texts = current_texts()
        given = {"t": texts.text, "language": texts.language, "script": script}
        page = self._template(template).render({**values, **given})
        waiting: dict[str, str] = {}
        if refusal is not None:
            answer, waiting = get_answer(refusal), retry_after(refusal)
            # A page of 401 would have to name an authentication scheme (RFC 9110 §15.5.2), and no user is at fault.
            status = 400 if answer.status == 401 else answer.status
        return HTTPResponse(
            page.encode(),
            status,
            headers.page_headers(form_targets, https=self.address.https, script=script)
            | headers.in_language(texts.language)
            | waiting,
            content_type="text/html; charset=utf-8",
        )

    def _add(self, stem: str, suffix: str, body: bytes) -> str:
        name = f"{stem}.{hashlib.sha256(body).hexdigest()[:16]}{suffix}"
        self.assets[name] = Asset(body, _CONTENT_TYPES[suffix])
        return f"{self.address.path}{paths.STATIC}/{name}"


def set_apart(text: str) -> Markup:
    """`text` inside a sentence of any language; how it is written reorders nothing around it (HTML §4.5.24)."""
    return Markup("<bdi>{}</bdi>").format(text)


def _name(text: str) -> Markup:
    """The same, set off as the name of somebody or something."""
    return Markup('<bdi class="name">{}</bdi>').format(text)
