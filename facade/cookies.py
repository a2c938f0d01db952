"""Three cookies: one names the browser, one its login session, and one, which stays for a year, is what the core
remembers the browser by in which somebody has signed in. None ever holds anything of a request.

Where the public address is https their names start with __Host- (RFC 6265bis §4.1.3.2): no other host or path can set
them. A malformed or doubled cookie counts as absent.
"""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass

from sanic import Request

_BROWSER = re.compile(r"[A-Za-z0-9_-]{43}")
_SESSION = re.compile(r"[A-Za-z0-9._~-]{16,512}")
_REMEMBERED = re.compile(r"[A-Za-z0-9_-]{16,512}={0,2}")
#: In seconds. Each login gives a new one; the core takes none that is older.
_REMEMBERED_FOR = 365 * 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser, by the secret in its cookie."""

    secret: str

    @property
    def binding(self) -> bytes:
        """32 bytes that name the browser to the core and do not tell the cookie."""
        return hashlib.sha256(b"tokenhouse browser binding\x00" + self.secret.encode()).digest()

    def __repr__(self) -> str:
        return "Browser(…)"


def new_browser() -> Browser:
    """A browser nobody has seen before."""
    return Browser(base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode())


class Cookies:
    """Reads and writes them."""

    def __init__(self, *, https: bool) -> None:
        prefix = "__Host-" if https else ""
        self.browser_name = f"{prefix}tokenhouse-browser"
        self.session_name = f"{prefix}tokenhouse-session"
        self.remembered_name = f"{prefix}tokenhouse-remembered"
        # Lax: an app sends the browser here from another site, and the user who is signed in must be known then.
        self._attributes = "; Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if https else "")

    def find_browser(self, header: str) -> Browser | None:
        """Who this browser is, if it has been here."""
        value = _find(header, self.browser_name, _BROWSER)
        return None if value is None else Browser(value)

    def find_session_token(self, header: str) -> str:
        """The login session's token, or the empty string."""
        return _find(header, self.session_name, _SESSION) or ""

    def find_remembered(self, header: str) -> str:
        """What the core remembers the browser by, or the empty string."""
        return _find(header, self.remembered_name, _REMEMBERED) or ""

    def set_browser(self, browser: Browser) -> str:
        """The Set-Cookie that names a browser until it is closed."""
        return f"{self.browser_name}={browser.secret}{self._attributes}"

    def set_session(self, session_token: str) -> str:
        """The Set-Cookie that signs a browser in until it is closed; the core ends the session earlier."""
        return f"{self.session_name}={session_token}{self._attributes}"

    def signed_in(self, session_token: str, remembered_browser: str) -> list[str]:
        """The Set-Cookies of a login."""
        remembered = self.set_remembered(remembered_browser)
        return [self.set_session(session_token), *remembered]

    def set_remembered(self, remembered_browser: str) -> list[str]:
        """The Set-Cookie that a browser is remembered by, or none where there is nothing new to remember it by."""
        if not remembered_browser:
            return []
        return [f"{self.remembered_name}={remembered_browser}{self._attributes}; Max-Age={_REMEMBERED_FOR}"]

    def clear_session(self) -> str:
        """The Set-Cookie that forgets the session."""
        return f"{self.session_name}={self._attributes}; Max-Age=0"


def cookie_header(request: Request) -> str:
    """All of a request's cookies; proxies may hand them on in several headers (RFC 9113 §8.2.3)."""
    return "; ".join(request.headers.getall("cookie", []))


def _find(header: str, name: str, shape: re.Pattern[str]) -> str | None:
    # The name is looked for first: a header may hold thousands of pairs, and the cookies of every neighbour.
    pairs = (pair.partition("=") for pair in header.split(";") if name in pair)
    values = [value.strip() for key, _, value in pairs if key.strip() == name]
    return values[0] if len(values) == 1 and shape.fullmatch(values[0]) else None
