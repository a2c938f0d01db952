"""Clients' documents over guarded HTTP (draft-ietf-oauth-client-id-metadata-document)."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from core.domain.clients.document_source import DocumentUnavailable, FetchedDocument, SourceBusy
from core.domain.clients.document_url import DocumentUrl
from core.domain.sayings import say
from core.outbound.guarded_http import Answer, CannotFetch, GuardedHttp, TooBusy

_JSON = re.compile(r"application/(?:[a-z0-9!#$&^_.+-]+\+)?json")
#: RFC 6585 §4, RFC 9110 §15.6.4: whatever is asked of it, not now. Any other status is about what was asked for, which
#: anybody can make up: nobody is to be locked out by a name that is not there.
_HOST_IS_BUSY = (429, 503)
_DIRECTIVE = re.compile(r'([a-z-]+)(?:=(?:"([^"]*)"|([^",;\s]*)))?')
_SECONDS = re.compile(r"[0-9]+")
#: RFC 9111 §1.2.2: what more than that means.
_LONGEST = 2**31


class FetchedDocuments:
    """`core.domain.clients.document_source.DocumentSource`."""

    def __init__(self, http: GuardedHttp) -> None:
        self._http = http

    def fetch(self, url: DocumentUrl, *, loopback: bool) -> FetchedDocument:
        try:
            answer = self._http.get(url.host, url.port, url.target, accept="application/json", loopback=loopback)
        except CannotFetch as failure:
            host_failed = failure.before_asking or failure.too_late
            raise DocumentUnavailable(failure.reason, failure.detail, host_failed=host_failed) from None
        except TooBusy:
            raise SourceBusy from None
        _require_document(answer)
        return FetchedDocument(answer.body, _find_freshness(answer.headers))


def _require_document(answer: Answer) -> None:
    if 300 <= answer.status < 400:
        # Never followed (draft): whoever can make a host redirect would speak for it, and lead elsewhere.
        raise DocumentUnavailable(say("host_redirects"))
    if answer.status != 200:
        raise DocumentUnavailable(say("host_status", status=answer.status), host_failed=answer.status in _HOST_IS_BUSY)
    if answer.headers.get("content-encoding", "identity").lower() != "identity":
        raise DocumentUnavailable(say("host_compresses"))
    # Two of them joined match nothing.
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if _JSON.fullmatch(media_type) is None:
        raise DocumentUnavailable(say("fetch_content_type"))


def _find_freshness(headers: dict[str, str]) -> int | None:
    """How long the answer may be kept, in seconds (RFC 9111 §4.2.1, for a cache that several users share)."""
    directives = {
        name: quoted or plain for name, quoted, plain in _DIRECTIVE.findall(headers.get("cache-control", "").lower())
    }
    if {"no-store", "no-cache", "private"} & directives.keys():
        return 0
    for name in ("s-maxage", "max-age"):
        if name in directives:
            told = _find_seconds(directives[name])
            return 0 if told is None else max(0, told - (_find_seconds(headers.get("age", "")) or 0))
    return _find_expiry(headers)


def _find_seconds(text: str) -> int | None:
    if _SECONDS.fullmatch(text) is None:
        return None
    return int(text) if len(text) < 10 else _LONGEST


def _find_expiry(headers: dict[str, str]) -> int | None:
    if "expires" not in headers:
        return None
    try:
        expires = parsedate_to_datetime(headers["expires"])
        # RFC 9110 §6.6.1: what says no date is of when it arrived.
        date = parsedate_to_datetime(headers["date"]) if "date" in headers else datetime.now(UTC)
        return max(0, int((expires - date).total_seconds()))
    except (ValueError, TypeError):
        # RFC 9111 §5.3: what is no date, "0" above all, has passed.
        return 0
