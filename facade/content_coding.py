"""How a body is packed: not at all, or nobody here would know what it says (RFC 9110 §8.4)."""

from sanic.compat import Header

from facade.errors import Refusal


def require_plain_body(fields: Header, reason: str) -> None:
    """Refuses, for this reason, a body in any content coding; a short form gains nothing by one, and unpacking is work
    that whoever asks decides about."""
    codings = {coding.strip().lower() for line in fields.getall("content-encoding", ()) for coding in line.split(",")}
    if codings - {"", "identity"}:
        raise Refusal(reason, "The body must come as it is, without a content coding.")
