"""What every request passes, whichever endpoint it is for.

Bounds the work in flight, turns refusals and accidents into replies of the endpoint's kind, adds the headers of that
kind, and writes one log line. No line, reply or header holds a query string or a parameter.
"""

import logging
import traceback
from collections.abc import Callable
from time import perf_counter

from sanic import HTTPResponse, Request

from facade import headers, replies
from facade.content_coding import require_plain_body
from facade.correlation import asked_from, correlation_id, new_correlation_id
from facade.errors import SERVER_ERROR, Refusal, get_answer
from facade.facade import Facade
from facade.framework_errors import as_refusal
from facade.known_replies import KnownReplies, KnownReply
from facade.metadata_reads import find_read
from facade.metrics.http_metrics import OTHER, HttpMetrics, Labels
from facade.network_address import is_trusted
from facade.pages.error import refusal_page
from facade.reply_bytes import format_reply
from facade.reply_kind import reply_kind
from facade.request_log import RequestLog
from facade.route import Kind, Route
from facade.shedding import BUSY, KnownHead, Room
from facade.texts.languages import choose_texts
from facade.tracing import TRACEPARENT, Tracing

_log = logging.getLogger("facade")

#: Requests in flight beyond which new ones are turned away at once.
MAX_IN_FLIGHT = 1024


class Gate:
    """Answers requests for routes."""

    def __init__(
        self,
        facade: Facade,
        metrics: HttpMetrics,
        max_in_flight: int = MAX_IN_FLIGHT,
        *,
        public: bool = True,
        tracing: Tracing | None = None,
    ) -> None:
        """`public`: people and clients come here. Elsewhere are no pages, and requests leave no line in the log."""
        self.facade = facade
        self._metrics = metrics
        self._tracing = tracing
        #: Close each connection after its reply.
        self.stopping = False
        self._known = KnownReplies()
        self._public = public
        self._requests = RequestLog() if public else None
        self._room = Room(metrics, self._requests, max_in_flight)
        self._busy = _busy_reply()

    def answer_at_once(self, request: Request, route: Route) -> HTTPResponse | None:
        """The reply to a request, if nobody has to be waited for."""
        if route.document is None or request.method not in ("GET", "HEAD"):
            return None
        metadata = self.facade.discovery.find_fresh()
        if metadata is None or not metadata.oauth_clients_enabled:
            return None
        return self._finish(request, route, route.document(request, metadata), perf_counter())

    def answer_known(self, data: bytes, peer: str) -> bytes | None:
        """The reply to a whole request that came before, if it would be the same reply again.

        `peer` is the network address of whoever is connected.
        """
        known = self._known.find(data)
        if known is None or self.stopping:
            return None
        started = perf_counter()
        if known.metadata is not self.facade.discovery.find_fresh():
            return None
        if known.read is not None:
            self.facade.discovery.note_read(known.read, peer)
        self._note(new_correlation_id(), known.what, known.labels, started)
        return known.reply

    def keep_known(self, data: bytes, request: Request, route: Route, response: HTTPResponse, reply: bytes) -> None:
        """Remember what `answer_at_once` answered just now."""
        metadata = self.facade.discovery.find_fresh()
        if metadata is not None:
            labels = _labels(request, route, response)
            read = find_read(request, response.status) if route.is_metadata else None
            self._known.keep(data, KnownReply(reply, metadata, _name(request, route), labels, read))

    def turn_away(self, known: KnownHead, hear_again: Callable[[], None]) -> bytes | None:
        """The refusal of a request that came whole, with a head that is known; None where there is room for it.

        Its connection is not to be read until `hear_again` is called.
        """
        if self._room.is_left_for(known.route) or self.stopping:
            return None
        self._room.note_turned_away(known.route.path, hear_again)
        return self._busy

    async def answer(self, request: Request, route: Route) -> HTTPResponse:
        """The reply to a request that reached a route."""
        if self._tracing is None:
            return await self._answer(request, route)
        with self._tracing.request(route.path, self._traceparent(request)):
            return await self._answer(request, route)

    async def _answer(self, request: Request, route: Route) -> HTTPResponse:
        started = perf_counter()
        counts = route.is_counted
        if counts and not self._room.is_left_for(route):
            self._metrics.shed()
            return self._finish(request, route, self._refusal(request, route, BUSY), started)
        self._room.in_flight += counts
        outer = correlation_id.set(_correlation_id(request))
        if route.kind is not Kind.API:
            _choose_texts(request)
        # The connection may be a proxy's, and the request before somebody else's.
        asked_from.set("")
        try:
            response = await self._attempt(request, route)
        finally:
            correlation_id.reset(outer)
            self._room.in_flight -= counts
        return self._finish(request, route, response, started)

    def refuse(self, request: Request, route: Route | None, error: BaseException) -> HTTPResponse:
        """The reply to a request that Sanic itself refused: no such path or method, too large, malformed."""
        started = perf_counter()
        _choose_texts(request)
        return self._finish(request, route, self._refusal(request, route, as_refusal(error, route)), started)

    async def _attempt(self, request: Request, route: Route) -> HTTPResponse:
        try:
            if route.kind is not Kind.PLAIN and not route.without_clients:
                await self.facade.discovery.require_oauth_clients()
            if request.method == "OPTIONS" and "OPTIONS" in route.methods:
                return HTTPResponse(b"", 204, headers.options(route.methods, cors=route.kind is Kind.API))
            if request.method not in route.methods:
                raise Refusal("METHOD_NOT_ALLOWED", f"The method is not one of {', '.join(route.methods)}.")
            if request.body and "content-encoding" in request.headers:
                require_plain_body(request.headers, route.body.encoded)
            return await route.endpoint(request, self.facade)
        except Refusal as refusal:
            return self._refusal(request, route, refusal)
        except Exception as error:
            return self._refusal(request, route, error)

    def _refusal(self, request: Request, route: Route | None, error: BaseException) -> HTTPResponse:
        incident = _correlation_id(request)
        refusal = error if isinstance(error, Refusal) else Refusal("SERVER_ERROR")
        answer = get_answer(refusal)
        request.ctx.reason = refusal.reason
        self._metrics.refused(refusal.reason)
        if answer is SERVER_ERROR:
            _log.error("incident %s: %s", incident, _account_of(error))
        kind = reply_kind(request, route, self.facade.pages.address.path) if self._public else Kind.PLAIN
        if kind is Kind.PLAIN:
            response = replies.text_refusal(answer, incident)
        elif kind is Kind.PAGE:
            pages = self.facade.pages
            path = route.path if route else request.path.removeprefix(pages.address.path)
            query_string = request.query_string if route else ""
            response = refusal_page(pages, refusal, answer, incident, query_string, path, strayed=route is None)
        else:
            navigating = request.headers.get("sec-fetch-mode") == "navigate"
            response = replies.json_refusal(refusal, answer, incident, navigating=navigating)
        if answer.status == 405 and route is not None:
            response.headers["Allow"] = ", ".join(route.methods)
        if answer.status == 415:
            response.headers["Accept-Encoding"] = "identity"
        if route is None:
            # RFC 9110 §12.5.5: somebody else would have got the other form.
            response.headers["Vary"] = "Accept, Accept-Language"
        return response

    def _finish(self, request: Request, route: Route | None, response: HTTPResponse, started: float) -> HTTPResponse:
        if route is not None and route.kind is Kind.API:
            response.headers.update(headers.CORS)
        if route is not None and route.is_metadata and (read := find_read(request, response.status)) is not None:
            self.facade.discovery.note_read(read, request.ip)
        if self.stopping and request.stream is not None:
            # Otherwise a kept-alive connection would hold the process up for the whole grace period.
            request.stream.keep_alive = False  # type: ignore[attr-defined]
        reason = getattr(request.ctx, "reason", "")
        self._note(_correlation_id(request), _name(request, route), _labels(request, route, response), started, reason)
        return response

    def _traceparent(self, request: Request) -> str:
        """The span that a trusted proxy is in; from anybody else it would be a way to fill our traces."""
        if not is_trusted(request.ip, self.facade.settings.trusted_proxies):
            return ""
        return str(request.headers.get(TRACEPARENT, ""))

    def _note(self, correlation_id: str, what: str, labels: Labels, started: float, reason: str = "") -> None:
        """Count a reply, and log what happened, then what it concerns as name=value."""
        seconds = perf_counter() - started
        self._metrics.answered(labels, seconds)
        if self._tracing is not None:
            self._tracing.answered(labels, seconds, correlation_id, reason)
        if self._requests is not None:
            line = f"{what} {labels[2]} correlation_id={correlation_id} milliseconds={seconds * 1000:.1f}"
            self._requests.write(f"{line} reason={reason}" if reason else line)


def _busy_reply() -> bytes:
    """What an API answers, over a connection that is kept."""
    response = replies.json_refusal(BUSY, get_answer(BUSY), "", navigating=False)
    response.headers.update(headers.CORS)
    return format_reply(response, head_only=False, keep_alive=True)


def _name(request: Request, route: Route | None) -> str:
    return f"{request.method} {route.path}" if route else "- -"


def _labels(request: Request, route: Route | None, response: HTTPResponse) -> Labels:
    """What is not of the route table is one of many: nobody outside may make names."""
    if route is None:
        return OTHER, OTHER, response.status
    return request.method if request.method in route.methods else OTHER, route.path, response.status


def _account_of(error: BaseException) -> str:
    """What happened, for the log. An exception's text may quote what a client sent; where it happened never does."""
    if isinstance(error, Refusal):
        return f"{error.reason} {error.description}"
    return f"{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}"


def _choose_texts(request: Request) -> None:
    choose_texts(request.headers.getall("accept-language", ()))


def _correlation_id(request: Request) -> str:
    """A number of our own for each request; what a client calls it is never used."""
    if not hasattr(request.ctx, "correlation_id"):
        request.ctx.correlation_id = new_correlation_id()
    return str(request.ctx.correlation_id)
