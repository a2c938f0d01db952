"""What servicers note of attempts to connect: proto and outcomes → happenings, made of reasons and never of words."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from tokenhouse.v1 import token_pb2

from core.domain.authorization.endpoint import ConsentPrompt, DocumentWanted, LoginPrompt, Redirect
from core.domain.authorization.sealed_request import RequestSeal
from core.domain.clients.registration import Registration
from core.domain.connections.attempt import Trace
from core.domain.connections.event import Happening, Step, shown_client_id, shown_uri
from core.domain.connections.journal import Journal
from core.domain.errors import ClientDocumentRefused, InvalidGrant, Refusal, TooManyAttempts
from core.domain.grants.token_request import TokenResponse
from core.domain.limits.network import network_of
from core.domain.tokens.grant_token import TokenKind, find_grant_token
from core.rpc.errors import reason_of

_Parameters = Sequence[tuple[str, str]]
#: Why a client is none of ours.
_STRANGERS = frozenset({"client_unknown", "client_document_refused", "too_many_attempts"})
#: What is said of a genuine code or token alone.
_OF_A_GRANT = frozenset({"mismatched", "reused", "ended", "future", "expired_token", "access_denied"})
_POLLS = frozenset({"authorization_pending", "slow_down"})
#: What a machine does all day, of which nothing is noted.
_ORDINARY = frozenset({"rotated", "issued"})


class ConnectionNotes:
    """Notes in a journal. None of its methods raises anything but what it was given."""

    def __init__(self, journal: Journal, seal: RequestSeal, page_seal: RequestSeal) -> None:
        """`seal` is that of authorization requests, `page_seal` that of the page for devices."""
        self._journal = journal
        self._seal = seal
        self._page_seal = page_seal

    def registration(self, network_address: str, outcome: Registration | Exception) -> None:
        """Note a registration, or its refusal."""
        network = _network_of(network_address)
        if isinstance(outcome, Exception):
            self._journal.note(Trace(network=network, stranger=True), _refusal(Step.REGISTRATION, outcome, network))
            return
        left_out = [
            Happening(Step.REGISTRATION, "redirect_uri_left_out", about=shown_uri(uri), network=network)
            for uri in outcome.left_out
        ]
        trace = Trace(client_id=outcome.client.client_id, network=network)
        self._journal.note(trace, Happening(Step.REGISTRATION, "registered", network=network), *left_out)

    @contextmanager
    def authorizing(
        self, parameters: _Parameters, network_address: str, *, by_document: bool = False
    ) -> Iterator[None]:
        """Note the refusal of an authorization request, where it is refused on a page."""
        try:
            yield
        except Exception as error:
            network = _network_of(network_address)
            known = by_document and not isinstance(error, ClientDocumentRefused | TooManyAttempts)
            fetched = (Happening(Step.DOCUMENT, "fetched", network=network),) if known else ()
            step = Step.DOCUMENT if by_document and not known else Step.AUTHORIZE
            refusal = _refusal(step, error, network)
            trace = _trace(parameters, network, stranger=refusal.outcome in _STRANGERS)
            self._journal.note(trace, *fetched, refusal)
            raise

    def authorization(
        self,
        parameters: _Parameters,
        network_address: str,
        outcome: Redirect | LoginPrompt | ConsentPrompt | DocumentWanted,
        *,
        by_document: bool = False,
    ) -> None:
        """Note what comes next for an authorization request."""
        network, username = _network_of(network_address), ""
        redirect_uri = shown_uri(dict(parameters).get("redirect_uri", ""))
        match outcome:
            case DocumentWanted():
                return
            case Redirect():
                refusal = outcome.refusal
                happening = (
                    Happening(Step.AUTHORIZE, "answered", about=redirect_uri, network=network)
                    if refusal is None
                    else _refusal(Step.AUTHORIZE, refusal, network)
                )
            case LoginPrompt():
                happening = Happening(Step.AUTHORIZE, "login_asked", about=redirect_uri, network=network)
            case ConsentPrompt():
                username = outcome.user.username
                happening = Happening(Step.AUTHORIZE, "consent_asked", about=redirect_uri, network=network)
        fetched = (Happening(Step.DOCUMENT, "fetched", network=network),) if by_document else ()
        self._journal.note(_trace(parameters, network), *fetched, happening, username=username)

    @contextmanager
    def logging_in(self, parameters: _Parameters, network_address: str) -> Iterator[None]:
        """Note a login, whose name and password are not for here."""
        network = _network_of(network_address)
        try:
            yield
        except Exception as error:
            self._journal.note(_trace(parameters, network), _refusal(Step.LOGIN, error, network))
            raise
        self._journal.note(_trace(parameters, network), Happening(Step.LOGIN, "succeeded", network=network))

    @contextmanager
    def deciding(self, sealed: str, browser_binding: bytes, *, approved: bool) -> Iterator[None]:
        """Note a decision; the sealed request's nonce is the grant's id."""
        try:
            opened = self._seal.require_open(sealed, browser_binding)
        except Refusal:
            # Nobody knows whose it is; it is refused in a moment.
            yield
            return
        trace = _trace(opened.parameters, "", grant_id=opened.nonce.hex())
        try:
            yield
        except Exception as error:
            self._journal.note(_trace(opened.parameters, ""), _refusal(Step.CONSENT, error, ""))
            raise
        if approved:
            self._journal.note(trace, Happening(Step.CONSENT, "allowed"), Happening(Step.CODE, "issued"))
        else:
            self._journal.note(trace, Happening(Step.CONSENT, "denied"))

    def token(self, request: token_pb2.IssueTokenRequest, outcome: TokenResponse | Exception) -> None:
        """Note a token request, unless it is one of those that machines send all day."""
        network = _network_of(request.network_address)
        if isinstance(outcome, TokenResponse):
            if outcome.verdict in _ORDINARY:
                return
            step = Step.REFRESH if outcome.verdict == "replayed" else Step.TOKEN
            happening, grant_id = Happening(step, outcome.verdict, network=network), outcome.grant_id.hex()
        else:
            kind, text = _presented(request)
            happening, grant_id = _token_refusal(kind, outcome, network), _grant_id(kind, text)
            if happening.outcome not in _OF_A_GRANT and not self._journal.knows(grant_id):
                # Whoever makes up grants begins no attempts with them.
                grant_id = ""
        trace = Trace(
            client_id=shown_client_id(request.client.client_id),
            grant_id=grant_id,
            network=network,
            stranger=happening.outcome in _STRANGERS,
        )
        self._journal.note(trace, happening)


def _token_refusal(kind: TokenKind | None, error: Exception, network: str) -> Happening:
    step = Step.REFRESH if kind is TokenKind.REFRESH_TOKEN else Step.TOKEN
    happening = _refusal(step, error, network)
    if happening.outcome in _POLLS:
        # RFC 8628 §3.5: nothing has gone wrong.
        return replace(happening, step=Step.DEVICE, refused=False)
    return happening


def _refusal(step: Step, error: Exception, network: str) -> Happening:
    why = about = ""
    if isinstance(error, ClientDocumentRefused):
        about = error.reason
    elif isinstance(error, InvalidGrant):
        why = error.verdict
    elif isinstance(error, Refusal):
        why, about = error.why, shown_uri(error.about)
    return Happening(step, why or reason_of(error).lower(), refused=True, about=about, network=network)


def _trace(parameters: _Parameters, network: str, *, grant_id: str = "", stranger: bool = False) -> Trace:
    sent = dict(parameters)
    challenge = sent.get("code_challenge", "")
    return Trace(
        client_id=shown_client_id(sent.get("client_id", "")),
        challenge=hashlib.sha256(challenge.encode("utf-8", "surrogatepass")).digest() if challenge else b"",
        grant_id=grant_id,
        network=network,
        stranger=stranger,
    )


def _presented(request: token_pb2.IssueTokenRequest) -> tuple[TokenKind | None, str]:
    match request.WhichOneof("grant"):
        case "authorization_code":
            return TokenKind.CODE, request.authorization_code.code
        case "refresh_token":
            return TokenKind.REFRESH_TOKEN, request.refresh_token.refresh_token
        case "device_code":
            return TokenKind.DEVICE_CODE, request.device_code.device_code
        case _:
            return None, ""


def _grant_id(kind: TokenKind | None, text: str) -> str:
    token = find_grant_token(text, kind) if kind else None
    return token.grant_id.hex() if token else ""


def _network_of(address: str) -> str:
    return network_of(address) if address else ""
