"""What servicers note of attempts to connect: proto and outcomes → happenings, made of reasons and never of words."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from tokenhouse.v1 import token_pb2

from core.domain.authorization.endpoint import ConsentPrompt, DocumentWanted, LoginPrompt, Redirect
from core.domain.authorization.parameters import Parameters
from core.domain.authorization.sealed_request import RequestSeal
from core.domain.clients.assertion import find_claimed
from core.domain.clients.registration import Registration
from core.domain.connections.attempt import Trace
from core.domain.connections.event import Happening, Step, shown_uri
from core.domain.connections.journal import Journal
from core.domain.errors import (
    ClientDocumentRefused,
    InvalidRedirectUri,
    Refusal,
    TemporarilyUnavailable,
    TooManyAttempts,
)
from core.domain.grants.token_request import TokenResponse
from core.domain.sessions.login import SecondFactorWanted
from core.rpc.connection_traces import (
    COMES_AGAIN,
    STRANGERS,
    grant_id_of,
    presented_by,
    refusal_of,
    seen_network,
    token_refusal,
    trace_of,
)
from core.rpc.quiet_notes import quietly

#: There is no document, or none that can be used.
_WITHOUT_DOCUMENT = (ClientDocumentRefused, TooManyAttempts, TemporarilyUnavailable)
#: What is said of a genuine code or token alone.
_OF_A_GRANT = frozenset({"mismatched", "reused", "ended", "future", "expired_token", "access_denied"})
#: What a machine does all day, of which nothing is noted.
_ORDINARY = frozenset({"rotated", "issued"})


class ConnectionNotes:
    """Notes in a journal. None of its methods raises anything but what happens inside of it."""

    def __init__(self, journal: Journal, seal: RequestSeal) -> None:
        """`seal` is that of authorization requests."""
        self._journal = journal
        self._seal = seal

    @quietly
    def registration(self, network_address: str, outcome: Registration | Exception) -> None:
        """Note a registration, or its refusal."""
        network = seen_network(network_address)
        if isinstance(outcome, Exception):
            self._journal.note(Trace(network=network, stranger=True), refusal_of(Step.REGISTRATION, outcome, network))
            return
        left_out = [
            Happening(Step.REGISTRATION, "redirect_uri_left_out", about=shown_uri(uri), network=network)
            for uri in outcome.left_out
        ]
        trace = Trace(client_id=outcome.client.client_id, network=network)
        self._journal.note(trace, Happening(Step.REGISTRATION, "registered", network=network), *left_out)

    @contextmanager
    def authorizing(
        self, parameters: Parameters, browser_binding: bytes, network_address: str, *, by_document: bool = False
    ) -> Iterator[None]:
        """Note the refusal of an authorization request, where it is refused on a page."""
        try:
            yield
        except Exception as error:
            self._refused_authorization(parameters, browser_binding, network_address, error, by_document=by_document)
            raise

    @quietly
    def _refused_authorization(
        self,
        parameters: Parameters,
        browser_binding: bytes,
        network_address: str,
        error: Exception,
        *,
        by_document: bool,
    ) -> None:
        network = seen_network(network_address)
        step = Step.DOCUMENT if by_document and isinstance(error, _WITHOUT_DOCUMENT) else Step.AUTHORIZE
        refusal = refusal_of(step, error, network)
        # What is said of a redirect URI is said with the document in hand.
        known = by_document and isinstance(error, InvalidRedirectUri)
        fetched = (Happening(Step.DOCUMENT, "fetched", network=network),) if known else ()
        trace = trace_of(parameters, browser_binding, network, stranger=refusal.outcome in STRANGERS)
        self._journal.note(trace, *fetched, refusal)

    @quietly
    def authorization(
        self,
        parameters: Parameters,
        browser_binding: bytes,
        network_address: str,
        outcome: Redirect | LoginPrompt | ConsentPrompt | DocumentWanted,
        *,
        by_document: bool = False,
    ) -> None:
        """Note what comes next for an authorization request."""
        network, username, name = seen_network(network_address), "", ""
        redirect_uri = shown_uri(dict(parameters).get("redirect_uri", ""))
        match outcome:
            case DocumentWanted():
                return
            case Redirect():
                refusal = outcome.refusal
                happening = (
                    Happening(Step.AUTHORIZE, "answered", about=redirect_uri, network=network)
                    if refusal is None
                    else refusal_of(Step.AUTHORIZE, refusal, network)
                )
            case LoginPrompt():
                name = outcome.recipient.client.client_name
                happening = Happening(Step.AUTHORIZE, "login_asked", about=redirect_uri, network=network)
            case ConsentPrompt():
                username, name = outcome.user.username, outcome.request.recipient.client.client_name
                happening = Happening(Step.AUTHORIZE, "consent_asked", about=redirect_uri, network=network)
        fetched = (Happening(Step.DOCUMENT, "fetched", network=network),) if by_document else ()
        trace = replace(trace_of(parameters, browser_binding, network), client_name=name)
        self._journal.note(trace, *fetched, happening, username=username)

    @contextmanager
    def logging_in(
        self, parameters: Parameters, browser_binding: bytes, network_address: str, good: str = "succeeded"
    ) -> Iterator[None]:
        """Note a login, whose name and password are not for here, as `good` unless it is refused."""
        try:
            yield
        except SecondFactorWanted:
            self._login(parameters, browser_binding, network_address, "second_factor_asked")
            raise
        except Exception as error:
            self._login(parameters, browser_binding, network_address, error)
            raise
        self._login(parameters, browser_binding, network_address, good)

    @quietly
    def _login(
        self, parameters: Parameters, browser_binding: bytes, network_address: str, outcome: str | Exception
    ) -> None:
        network = seen_network(network_address)
        if isinstance(outcome, Exception):
            happening = refusal_of(Step.LOGIN, outcome, network)
        else:
            happening = Happening(Step.LOGIN, outcome, network=network)
        self._journal.note(trace_of(parameters, browser_binding, network), happening)

    @contextmanager
    def deciding(self, sealed: str, browser_binding: bytes, *, approved: bool) -> Iterator[None]:
        """Note a decision; the sealed request's nonce is the grant's id."""
        try:
            yield
        except Exception as error:
            self._decision(sealed, browser_binding, refusal_of(Step.CONSENT, error, ""))
            raise
        if approved:
            self._decision(sealed, browser_binding, Happening(Step.CONSENT, "allowed"), Happening(Step.CODE, "issued"))
        else:
            self._decision(sealed, browser_binding, Happening(Step.CONSENT, "denied"))

    @quietly
    def _decision(self, sealed: str, browser_binding: bytes, *happenings: Happening) -> None:
        try:
            opened = self._seal.require_open(sealed, browser_binding)
        except Refusal:
            # It was refused for that, or has expired this very moment: nobody knows any more whose it was.
            return
        decided = "" if happenings[0].refused else opened.nonce.hex()
        trace = trace_of(opened.parameters, browser_binding, "", grant_id=decided)
        self._journal.note(trace, *happenings)

    def token(self, request: token_pb2.IssueTokenRequest, outcome: TokenResponse | Exception) -> None:
        """Note a token request, unless it is one of those that machines send all day."""
        if isinstance(outcome, TokenResponse) and outcome.verdict in _ORDINARY:
            return
        if not isinstance(outcome, COMES_AGAIN):
            self._token(request, outcome)

    @quietly
    def _token(self, request: token_pb2.IssueTokenRequest, outcome: TokenResponse | Exception) -> None:
        network = seen_network(request.network_address)
        if isinstance(outcome, TokenResponse):
            step = Step.REFRESH if outcome.verdict == "replayed" else Step.TOKEN
            happening, grant_id = Happening(step, outcome.verdict, network=network), outcome.grant_id.hex()
        else:
            kind, text = presented_by(request)
            happening, grant_id = token_refusal(kind, outcome, network), grant_id_of(kind, text)
            if happening.outcome not in _OF_A_GRANT and not self._journal.knows(grant_id):
                # Whoever makes up grants begins no attempts with them.
                grant_id = ""
        client = request.client
        trace = Trace(
            client_id=find_claimed(client.client_id, client.client_assertion),
            grant_id=grant_id,
            network=network,
            stranger=happening.outcome in STRANGERS,
        )
        self._journal.note(trace, happening)
