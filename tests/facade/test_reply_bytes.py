"""A reply as it goes over the wire."""

import pytest
from sanic import HTTPResponse

from facade.reply_bytes import format_reply


@pytest.mark.parametrize("value", ["a\r\nX-Second: b", "a\nX-Second: b", "a\rX-Second: b", "\x00aX-Second: b", "a\n\n"])
def test_a_value_begins_no_line_of_its_own(value: str) -> None:
    """RFC 9110 §5.5: no line break and no NUL of a field's value is sent; its neighbours are as they were."""
    response = HTTPResponse(b"body", 200, {"X-First": value, "X-Last": "c"}, content_type="text/plain")

    head, _, body = format_reply(response, head_only=False, keep_alive=True).partition(b"\r\n\r\n")

    assert body == b"body"
    assert head.split(b"\r\n") == [
        b"HTTP/1.1 200 OK",
        b"X-First: " + value.translate(str.maketrans("", "", "\r\n\x00")).encode(),
        b"X-Last: c",
        b"content-type: text/plain",
        b"content-length: 4",
        b"connection: keep-alive",
    ]
