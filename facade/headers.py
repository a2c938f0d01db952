"""Headers that whole kinds of replies have in common."""

import re
from urllib.parse import urlsplit

Headers = dict[str, str]

#: Replies that hold a token, a code or somebody's name (RFC 6749 §5.1).
NO_STORE: Headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}

#: On every reply of an endpoint that scripts call; without credentials, so any origin is welcome (RFC 9700 §2.6).
CORS: Headers = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "WWW-Authenticate, Retry-After",
}

_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*")
_LONGEST_URI = 2048
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")
#: Schemes that run or show what stands behind them; no client is reached by one.
_NEVER = frozenset({"javascript", "vbscript", "data", "blob", "file", "filesystem", "about"})


def options(methods: tuple[str, ...], *, cors: bool) -> Headers:
    """What answers an OPTIONS request (RFC 9110 §9.3.7); with `cors`, a browser's preflight too (Fetch §3.3)."""
    allow = {"Allow": ", ".join(methods)}
    if not cors:
        return allow
    return CORS | {
        **allow,
        "Access-Control-Allow-Methods": ", ".join(methods),
        "Access-Control-Allow-Headers": "Authorization, Content-Type, MCP-Protocol-Version",
        "Access-Control-Max-Age": "7200",
        "Cache-Control": "no-store",
    }


def page_headers(form_targets: str | None, *, https: bool, script: bool = False) -> Headers:
    """Headers of every page (RFC 9700 §4.16, CSP Level 3).

    `form_targets` are CSP sources beyond 'self' that forms may lead to; None leaves them free. `script`: the page loads
    one of our own, which no other page may.
    """
    policy = ["default-src 'none'", "style-src 'self'", "img-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"]
    if script:
        policy.append("script-src 'self'")
    if form_targets is not None:
        policy.append(f"form-action 'self' {form_targets}".rstrip())
    headers = NO_STORE | {
        "Content-Security-Policy": "; ".join(policy),
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return headers | hsts(https=https)


def hsts(*, https: bool) -> Headers:
    """RFC 6797, where there is TLS at all."""
    return {"Strict-Transport-Security": "max-age=31536000"} if https else {}


def in_language(tag: str) -> Headers:
    """Of a reply in the language that the browser wished for (RFC 9110 §8.5, §12.5.5)."""
    return {"Content-Language": tag, "Vary": "Accept-Language"}


def form_target(redirect_uri: str) -> str:
    """The CSP source of a client's redirect_uri, or nothing.

    Browsers apply form-action to the redirect that answers a form, so the pages must name where it leads. The URI is
    text that an attacker may have chosen: only validated pieces of it are used. CSP has no IPv6 hosts and takes private
    schemes whole, so these become a scheme.
    """
    # The core takes neither; and taking text beyond ASCII apart would take the square of its length.
    if len(redirect_uri) > _LONGEST_URI or not redirect_uri.isascii():
        return ""
    try:
        parts = urlsplit(redirect_uri)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if not _SCHEME.fullmatch(parts.scheme) or parts.scheme in _NEVER:
        return ""
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        return f"{parts.scheme}:"
    return f"{parts.scheme}://{host}" + ("" if port is None else f":{port}")
