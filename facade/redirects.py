"""Building the URLs that browsers are sent to."""

import re
from collections.abc import Iterable
from urllib.parse import quote

from tokenhouse.v1.authorization_pb2 import AuthorizationResponse
from tokenhouse.v1.parameter_pb2 import Parameter

from facade.errors import Refusal

_PRINTABLE = re.compile(r"[\x21-\x7e]+")
#: RFC 3986 §3.4 allows these in a query, and form parsers take them as they are: long requests stay short.
_QUERY_SAFE = "-._~:/?@!$'()*,"


def client_redirect(response: AuthorizationResponse) -> str:
    """The client's redirect_uri with the response's parameters added to its query (RFC 6749 §4.1.2)."""
    uri = response.redirect_uri
    # The core has checked it; a line break here would still be a header of somebody else's making.
    if not _PRINTABLE.fullmatch(uri) or "#" in uri:
        raise Refusal("INVALID_REDIRECT_URI", "The redirect URI is not a plain URI without a fragment.").saying(
            "redirect_uri_plain"
        )
    joint = "&" if "?" in uri else "?"
    if uri.endswith(("?", "&")):
        joint = ""
    return uri + joint + encode_parameters(response.parameters, safe="-._~")


def encode_parameters(parameters: Iterable[Parameter], *, safe: str = _QUERY_SAFE) -> str:
    """A query string; every name and value percent-encoded once, spaces as %20 (RFC 6749 appendix B)."""
    return "&".join(f"{quote(each.name, safe=safe)}={quote(each.value, safe=safe)}" for each in parameters)
