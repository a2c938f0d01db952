"""A reply as it goes over the wire (RFC 9112 §4)."""

from sanic import HTTPResponse
from sanic.helpers import STATUS_CODES, has_message_body

_STATUS_LINES = {code: f"HTTP/1.1 {code} {phrase.decode()}\r\n" for code, phrase in STATUS_CODES.items()}
_BREAKS = str.maketrans("", "", "\r\n\x00")


def format_reply(response: HTTPResponse, *, head_only: bool, keep_alive: bool) -> bytes:
    """The whole reply; `head_only` answers HEAD, with the length of the body that is left out (RFC 9110 §9.3.2)."""
    head = _STATUS_LINES[response.status]
    fields = "".join([f"{name}: {value}\n" for name, value in response.headers.items()])
    if "\r" in fields or "\x00" in fields or fields.count("\n") != len(response.headers):
        fields = "".join([f"{name}: {value.translate(_BREAKS)}\n" for name, value in response.headers.items()])
    head += fields.replace("\n", "\r\n")
    body = response.body or b""
    if has_message_body(response.status):  # type: ignore[no-untyped-call]
        if response.content_type is not None:
            head += f"content-type: {response.content_type}\r\n"
        head += f"content-length: {len(body)}\r\n"
    head += "connection: keep-alive\r\n\r\n" if keep_alive else "connection: close\r\n\r\n"
    return head.encode(errors="surrogateescape") + (b"" if head_only else body)
