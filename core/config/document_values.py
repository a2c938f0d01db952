"""Where clients' documents may come from, as operators write it. Parsers raise ValueError with what is allowed."""

from core.domain.clients.document_url import parse_document_url
from core.domain.errors import ClientDocumentRefused


def parse_domain(text: str) -> str:
    """The name of a domain, in any case."""
    try:
        url = parse_document_url(f"https://{text.lower()}/")
    except ClientDocumentRefused:
        raise ValueError("the name of a domain, such as example.com, without a scheme, a port or a wildcard") from None
    if url.host != text.lower():
        raise ValueError("the name of a domain, such as example.com, without a scheme, a port or a wildcard")
    return url.host


def parse_trusted_host(text: str) -> str:
    """The host of a URL, with its port where it is not https's own."""
    allowed = "the host of an https URL, such as claude.ai, with its port where that is not 443"
    try:
        url = parse_document_url(f"https://{text.lower()}/")
    except ClientDocumentRefused:
        raise ValueError(allowed) from None
    if url.authority != text.lower():
        raise ValueError(allowed)
    return url.authority
