"""What every page of the console has around it: where else to go, who is signed in, and the way out."""

from collections.abc import Mapping
from dataclasses import dataclass

from sanic import HTTPResponse
from tokenhouse.v1.parameter_pb2 import Parameter

from facade import paths
from facade.cookies import Browser
from facade.csrf import csrf_token
from facade.facade import Facade
from facade.pages.console.wording import in_words
from facade.pages.untrusted import shown
from facade.redirects import encode_parameters

#: Where else to go, by the names in the catalogue.
_WAYS = (
    (paths.CONSOLE, "overview"),
    (paths.CONSOLE_GRANTS, "grants"),
    (paths.CONSOLE_CLIENTS, "clients"),
    (paths.CONSOLE_USERS, "users"),
    (paths.CONSOLE_STATISTICS, "statistics"),
    (paths.CONSOLE_KEYS, "keys"),
    (paths.CONSOLE_CONNECTIONS, "connections"),
    (paths.CONSOLE_AUDIT, "audit"),
    (paths.CONSOLE_LIMITS, "limits"),
)


@dataclass(frozen=True, slots=True)
class Frame:
    """Who looks at a page, as the core has said."""

    facade: Facade
    browser: Browser
    session_token: str
    operator: str

    def render(self, template: str, values: Mapping[str, object], *, here: str) -> HTTPResponse:
        """The page, with its frame around it; `here` is the one of the ways that it lies on."""
        around = {
            "wide": True,
            "ways": [(self.url(path), in_words("way", name), path == here) for path, name in _WAYS],
            "logout_url": self.url(paths.CONSOLE_LOGOUT),
            "operator": shown(self.operator, 80),
            "logout_csrf_token": csrf_token(self.browser, "console logout", self.session_token),
        }
        return self.facade.pages.render(f"console/{template}", {**around, **values})

    def url(self, path: str, **parameters: str) -> str:
        """A page of the console, with what it is about."""
        pairs = [Parameter(name=name, value=value) for name, value in parameters.items() if value]
        return self.facade.local_url(path) + (f"?{encode_parameters(pairs, safe='-._~')}" if pairs else "")
