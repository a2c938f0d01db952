"""Who is answered in which form when a request is refused: the one place that decides it.

A route says what it is for, and its refusals look like its replies. Of a request that reaches no route nothing is known
but what it says of itself.
"""

from sanic import Request
from sanic.exceptions import InvalidHeader
from sanic.headers import parse_accept

from facade import paths
from facade.route import Kind, Route

#: In characters. Browsers say what they take in 200 at most; to read a head full of it would keep others waiting.
_LONGEST = 512
#: Types; a browser names ten at most.
_MOST = 16


def reply_kind(request: Request, route: Route | None, prefix: str) -> Kind:
    """What the refusal of a request is to look like; `prefix` is the path of the public address.

    At the addresses that machines use, and at those beside them, machines ask: whoever has mistyped one is a developer.
    """
    if route is not None:
        return route.kind
    beside = request.path.removeprefix(prefix).startswith((paths.OAUTH, paths.STATIC))
    return Kind.PAGE if not beside and _wants_page(request) else Kind.PLAIN


def _wants_page(request: Request) -> bool:
    """Whether a browser shows the reply to somebody (RFC 9110 §12.5.1): it names HTML, a wildcard does not, and would
    not rather have anything that machines read."""
    accept = ",".join(request.headers.getall("accept", ())).lower()
    if len(accept) > _LONGEST or accept.count(",") >= _MOST:
        return False
    try:
        # Of two that are equally welcome it is the first.
        wished = parse_accept(accept).match("text/html", "application/json", "text/plain", accept_wildcards=False)
    except InvalidHeader:
        return False
    return wished == "text/html" and wished.header is not None and wished.header.q > 0
