"""A request's head, strictly (RFC 9112 §2–§6).

The framework reads heads leniently: it takes `Content-Length :` for a header of another name and then answers the body
as the next request. Behind a proxy that reads the same bytes in another way, that is how requests are smuggled.
"""

import re
from collections.abc import Iterator

from facade.errors import Refusal

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_HOST = rb"(?:\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(?::[0-9]*)?"
#: Printable, without what would begin a fragment: browsers leave more characters as they are than RFC 3986 allows.
_ORIGIN_FORM = rb"/[!\"$-~]*"
_HEAD = re.compile(
    rb"(?:%(token)s (?:https?://%(host)s)?%(origin)s|OPTIONS \*) HTTP/1\.(?P<minor>[01])"
    rb"(?P<fields>(?:\r\n%(token)s:[\t -~\x80-\xff]*)*)" % {b"token": _TOKEN, b"host": _HOST, b"origin": _ORIGIN_FORM}
)
#: The fields that say where a message ends and whom it is for, who sends it and what its body is.
_DECISIVE = re.compile(
    rb"\r\n(host|content-length|transfer-encoding|content-type|authorization):[\t ]*([^\r]*)", re.IGNORECASE
)
_NAMES = (b"host", b"content-length", b"transfer-encoding", b"content-type", b"authorization")
#: What says how its sender wants to be answered.
_WISH = re.compile(rb"\r\n(accept|accept-language):([\t -~]{0,512})(?=\r\n)", re.IGNORECASE)
_BEGINNING = re.compile(rb"%s (/[!\"$->@-~]{0,255})[? ]" % _TOKEN)


def require_request_head(head: bytes) -> None:
    """Refuses a head, without its last two line breaks, that two readers could understand differently."""
    match = _HEAD.fullmatch(head)
    if match is None:
        raise Refusal("INVALID_REQUEST", "The request is malformed.")
    values: dict[bytes, list[bytes]] = {name: [] for name in _NAMES}
    for name, value in _DECISIVE.findall(match["fields"]):
        values[name.lower()].append(value.rstrip(b"\t "))
    _require_host(values[b"host"], optional=match["minor"] == b"0")
    _require_framing(values[b"content-length"], values[b"transfer-encoding"], chunks=match["minor"] == b"1")
    # RFC 9110 §8.3: one reader takes the first, another the last; §11.6.2 has one field of credentials.
    if len(values[b"content-type"]) > 1 or len(values[b"authorization"]) > 1:
        raise Refusal("INVALID_REQUEST", "The Authorization or Content-Type header is repeated.")


def find_path(beginning: bytes | bytearray) -> str:
    """The path in the first bytes of a request, which need not be well-formed; `*` where there is none."""
    match = _BEGINNING.match(beginning)
    return match[1].decode("ascii") if match else "*"


def find_wishes(beginning: bytes | bytearray) -> Iterator[tuple[str, str]]:
    """The fields in the first bytes of a request that say which form and language of answer is wanted (RFC 9110 §12.5).

    The request is refused whatever they are, so that two readers may understand them differently.
    """
    for name, value in _WISH.findall(beginning.partition(b"\r\n\r\n")[0] + b"\r\n"):
        yield name.decode("ascii").lower(), value.decode("ascii").strip("\t ")


def _require_host(hosts: list[bytes], *, optional: bool) -> None:
    """RFC 9112 §3.2."""
    if (not hosts and optional) or (len(hosts) == 1 and re.fullmatch(_HOST, hosts[0])):
        return
    raise Refusal("INVALID_REQUEST", "The Host header is missing, repeated or malformed.")


def _require_framing(lengths: list[bytes], codings: list[bytes], *, chunks: bool) -> None:
    """RFC 9112 §6: one length in digits, or chunks where the version has them, never both."""
    if len(lengths) + len(codings) > 1:
        raise Refusal("INVALID_REQUEST", "The request states its length more than once.")
    if codings and not (chunks and codings[0] == b"chunked"):
        raise Refusal("INVALID_REQUEST", "The only transfer coding here is chunked, in HTTP/1.1.")
    if lengths and not re.fullmatch(rb"[0-9]{1,18}", lengths[0]):
        raise Refusal("INVALID_REQUEST", "The Content-Length is not a number.")
