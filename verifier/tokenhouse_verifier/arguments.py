"""What a verifier may be made with. Each refusal names the argument, in one sentence."""

import math
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

#: RFC 6749 §3.3 scope-token.
_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")


def require_arguments(
    target: str,
    audience: str,
    required_scopes: Sequence[str],
    resource_metadata: str,
    timeout: float,
    accept_stale_for: float,
    most: Sequence[int],
) -> None:
    """Pass what can be used. `most` are `max_entries` and `max_bytes`; times are in seconds.

    Raises:
        ValueError: one of them cannot.
    """
    if not target:
        raise ValueError("target is empty: name the core's [Grpc] Listen, as in 127.0.0.1:50051")
    require_absolute("audience", audience)
    if resource_metadata:
        require_absolute("resource_metadata", resource_metadata)
        # It stands in quotes in the challenge (RFC 9728 §5.1).
        if not resource_metadata.startswith(("https://", "http://")) or set(resource_metadata) & set('"\\'):
            raise ValueError("resource_metadata is an http or https URL")
    if isinstance(required_scopes, str):
        raise ValueError("required_scopes is one string: give a list of scopes")
    if unfit := next((scope for scope in required_scopes if _SCOPE.fullmatch(scope) is None), None):
        raise ValueError(f"required_scopes: {unfit!r} is not one scope (RFC 6749 section 3.3)")
    if not (0 < timeout < math.inf and 0 <= accept_stale_for < math.inf) or min(most) < 1:
        raise ValueError("timeout, max_entries and max_bytes are positive, accept_stale_for at least 0")


def require_absolute(name: str, url: str) -> None:
    """Pass an absolute URI (RFC 8707 §2).

    Raises:
        ValueError: it is none; `name` is the argument's.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    plain = url.isascii() and url.isprintable() and " " not in url
    if not plain or not parts.scheme or not parts.hostname or parts.fragment:
        raise ValueError(f"{name} is an absolute URI without a fragment, as in https://mcp.example.com/mcp")
