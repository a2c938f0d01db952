"""Whether a client takes this server's issuer for another string (RFC 8414 §3.3: then it has to stop)."""

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from core.domain.connections.attempt import Attempt
from core.domain.connections.finding import Fault, Finding, find_out
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
        yield find_out(Fault.ISSUER_DIFFERS, "issuer_elsewhere", seen=seen, issuer=issuer)
    else:
        implied = _implied(last.path)
        yield find_out(Fault.ISSUER_DIFFERS, "issuer_not_there", seen=seen, implied=implied, issuer=issuer)


def find_foreign_assertions(attempt: Attempt, issuer: str) -> Iterator[Finding]:
    """RFC 7523 §3: a proof that is made for another server."""
    for event in attempt.with_outcomes("assertion_audience")[-1:]:
        if named := event.happening.about:
            yield find_out(Fault.ISSUER_DIFFERS, "assertion_audience", named=named, issuer=issuer)
        else:
            yield find_out(Fault.ISSUER_DIFFERS, "assertion_no_audience", issuer=issuer)


def _is_issuers_host(host: str, issuer: str) -> bool:
    parts = urlsplit(issuer)
    default = f":{_DEFAULT_PORTS.get(parts.scheme, '')}"
    return host.removesuffix(default) == parts.netloc.lower().removesuffix(default)


def _implied(path: str) -> str:
    before, _, after = path.partition(_DOCUMENT)
    return before or after
