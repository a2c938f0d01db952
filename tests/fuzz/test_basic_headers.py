"""Authorization headers of any content (RFC 7617, RFC 6749 §2.3.1)."""

import base64

from hypothesis import strategies as st

from facade.client_credentials import parse_client_credentials
from facade.errors import Refusal
from facade.forms import Form
from tests.fuzz.held import Property
from tests.fuzz.pair_target import PairTarget

_INSIDE = st.lists(st.sampled_from([":", "%", "%3a", "%00", "%ff", "+", "a", "\u00e9", "\x00", " "]), max_size=8).map(
    "".join
)
_ENCODED = (_INSIDE.map(str.encode) | st.binary(max_size=30)).map(lambda inside: base64.b64encode(inside).decode())
_HEADERS = (
    st.builds("{} {}".format, st.sampled_from(["Basic", "basic", "BASIC", "Bearer", "Basic ", "", "Basic,"]), _ENCODED)
    | st.builds(
        lambda text, junk: f"Basic {text}{junk}", _ENCODED, st.sampled_from(["=", "===", "!", " x", "\t", "-_"])
    )
    | st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=40)
)


def _is_read_or_refused(header: str) -> None:
    """What is read says the same when it is written again."""
    try:
        credentials = parse_client_credentials(header, Form([]))
    except Refusal as refusal:
        assert refusal.reason == "INVALID_CLIENT"
        return
    assert credentials.method == "client_secret_basic"
    # A header is never taken for no header: a client that tried to prove who it is has proved it or has failed.
    assert credentials.HasField("client_secret")


PROPERTIES = [Property("a header is read or refused", _HEADERS, _is_read_or_refused)]


def target_properties(target: PairTarget) -> list[Property]:
    """What the endpoints keep, whatever the header: it opens nothing, for no client here has a secret."""

    def holds(header: str) -> None:
        for path, token in (("token", "grant_type=refresh_token&refresh_token"), ("revoke", "token")):
            body = f"{token}={target.tokens['refresh_token']}&client_id={target.client_id}".encode()
            sent = header.strip().encode("latin-1")
            reply = target.pair.client.post(
                f"/oauth/v1/{path}",
                content=body,
                headers=[(b"Content-Type", b"application/x-www-form-urlencoded"), (b"Authorization", sent)],
            )
            assert reply.status_code in (400, 401), (reply.status_code, reply.text)

    return [Property("no header opens anything", _HEADERS, holds)]


def test_any_header() -> None:
    """Any text is credentials or INVALID_CLIENT, and nothing else is raised."""
    PROPERTIES[0].check(100)
