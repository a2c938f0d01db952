"""Whether a client takes this server's issuer for another string (RFC 8414 §3.3: then it has to stop)."""

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from core.domain.connections.attempt import Attempt
from core.domain.connections.finding import Fault, Finding
from core.domain.connections.reads import Reads

_DOCUMENT = "/.well-known/oauth-authorization-server"
_DEFAULT_PORTS = {"https": 443, "http": 80}


def find_other_issuers(reads: Iterable[Reads], issuer: str) -> Iterator[Finding]:
    """One finding where metadata were read, and never where the issuer says that they are."""
    asked = [each for each in reads if _DOCUMENT in each.of.path]
    if not asked or any(each.of.found and _is_issuers_host(each.of.host, issuer) for each in asked):
        return
    last = asked[0].of
    seen = f"{last.host}{last.path}"
    if last.found:
        yield Finding(
            Fault.ISSUER_DIFFERS,
            f"The metadata were read at {seen}, but the issuer is {issuer}, and clients that compare the two stop "
            "there (RFC 8414 section 3.3). Name the issuer to the letter wherever it is named, or set [Server] Address "
            "where that is what is wrong. Where a proxy replaces the Host header this means nothing.",
        )
    else:
        yield Finding(
            Fault.ISSUER_DIFFERS,
            f"The metadata were looked for at {seen}, where there are none: somebody takes {_implied(last.path)} for "
            f"the end of the issuer, which is {issuer}. Name the issuer to the letter, a slash at its end included.",
        )


def find_foreign_assertions(attempt: Attempt, issuer: str) -> Iterator[Finding]:
    """RFC 7523 §3: a proof that is made for another server."""
    for event in attempt.with_outcomes("assertion_audience")[-1:]:
        named = event.happening.about or "something that is no URI"
        yield Finding(
            Fault.ISSUER_DIFFERS,
            f"The client's assertion has {named} as its aud, but the issuer is {issuer}: the client has to use that, "
            "to the letter.",
        )


def _is_issuers_host(host: str, issuer: str) -> bool:
    parts = urlsplit(issuer)
    default = f":{_DEFAULT_PORTS.get(parts.scheme, '')}"
    return host.removesuffix(default) == parts.netloc.lower().removesuffix(default)


def _implied(path: str) -> str:
    before, _, after = path.partition(_DOCUMENT)
    return f"“{before or after}”"
