"""What every endpoint may use."""

from dataclasses import dataclass

from sanic import Request

from facade.cookies import Cookies
from facade.core_client import CoreClient
from facade.discovery import Discovery
from facade.network_address import find_network_address
from facade.pages.rendering import Pages
from facade.settings import Settings


@dataclass(frozen=True, slots=True)
class Facade:
    """One facade, put together. No endpoint reaches for anything else."""

    settings: Settings
    core: CoreClient
    discovery: Discovery
    cookies: Cookies
    pages: Pages

    def network_address(self, request: Request) -> str:
        """Who is asking, for rate limits."""
        forwarded_for = request.headers.getall("x-forwarded-for", [])
        return find_network_address(request.ip, forwarded_for, self.settings.trusted_proxies)

    def public_url(self, path: str) -> str:
        """A path of ours as other machines name it: by the public address, whatever a request says."""
        return self.settings.address.origin + self.settings.address.path + path

    def local_url(self, path: str) -> str:
        """A path of ours as links and forms name it: relative to whatever host the browser is on."""
        return self.settings.address.path + path
