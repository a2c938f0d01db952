"""HTTP requests as clients send them; the same form for Tokenhouse and for the peer."""

import json
import secrets
from collections.abc import Sequence
from urllib.parse import urlencode

from tests.bench.road import PKCE, REDIRECT_URI, registration_body
from tests.bench.wrk import HttpLoad

_FORM = "application/x-www-form-urlencoded"


def code_load(url: str, client_id: str, codes: Sequence[str]) -> HttpLoad:
    """Each code is redeemed once (RFC 6749 §4.1.3)."""
    form = {
        "grant_type": "authorization_code",
        "client_id": client_id,
        "redirect_uri": REDIRECT_URI,
        "code_verifier": PKCE.verifier,
    }
    return HttpLoad(url, method="POST", content_type=_FORM, bodies=[urlencode(form | {"code": code}) for code in codes])


def refresh_load(url: str, client_id: str, tokens: Sequence[str]) -> HttpLoad:
    """Each answer's refresh token is the next to be used (RFC 6749 §6)."""
    prefix = urlencode({"grant_type": "refresh_token", "client_id": client_id}) + "&refresh_token="
    return HttpLoad(url, method="POST", content_type=_FORM, bodies=tokens, prefix=prefix)


def registration_load(url: str, count: int) -> HttpLoad:
    """Each client is a new one (RFC 7591 §3.1)."""
    bodies = [json.dumps(registration_body(f"tool {secrets.token_hex(8)}")) for _ in range(count)]
    return HttpLoad(url, status=201, method="POST", content_type="application/json", bodies=bodies)


def metadata_load(url: str) -> HttpLoad:
    """The metadata document (RFC 8414 §3.1)."""
    return HttpLoad(url)
