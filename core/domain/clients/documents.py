"""Clients that are known by a document at their client_id: who may be, and when it is fetched.

At the authorization endpoint and nowhere else. What a user has decided about is kept with the clients that registered,
so that codes and refresh tokens are redeemed without asking anybody.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Protocol

from core.domain.clients.client import BLOCKED, Client, ClientFacts
from core.domain.clients.document_memory import DocumentMemory
from core.domain.clients.document_source import DocumentSource, DocumentUnavailable, SourceBusy
from core.domain.clients.document_url import DocumentUrl, is_on_loopback, parse_document_url
from core.domain.clients.host_turns import HostTurns
from core.domain.clients.metadata_document import MetadataDocument, parse_metadata_document
from core.domain.clock import Clock
from core.domain.errors import ClientBlocked, ClientDocumentRefused, ClientDocumentUnwanted, TemporarilyUnavailable
from core.domain.limits.key import LimitKey
from core.domain.limits.known_network import require_slot_in_all
from core.domain.limits.network import network_of
from core.domain.limits.rate import LimitIntents, Rate, require_slot
from core.domain.policy import DocumentPolicy, Policy
from core.domain.sayings import say
from core.domain.writing import Writes

_log = logging.getLogger(__name__)

NETWORKS_AT_ONCE = 10


class FetchResult(StrEnum):
    """What came of asking a host for a document."""

    FETCHED = "fetched"
    #: The host, or the way there, gave none.
    UNAVAILABLE = "unavailable"
    #: It gave one that says something wrong.
    UNUSABLE = "unusable"
    #: Nobody was asked: too many documents are on their way.
    BUSY = "busy"


class DocumentStore(ClientFacts, Writes[LimitIntents], Protocol):
    """What documents need of a store: who is blocked, and how often was fetched."""


class ClientDocuments:
    """The documents that are known, and the way to one that is not; used from many threads."""

    def __init__(
        self,
        store: DocumentStore,
        source: DocumentSource,
        clock: Clock,
        count: Callable[[FetchResult], None] = lambda result: None,
    ) -> None:
        """`count` is told what came of each fetch."""
        self._store = store
        self._count = count
        self._source = source
        self._clock = clock
        #: What was fetched, and what could not be.
        self.memory = DocumentMemory()
        #: Who asks which host right now.
        self.turns = HostTurns()
        self._given: Mapping[str, MetadataDocument] = {}

    def give(self, documents: Iterable[MetadataDocument]) -> None:
        """Use these documents, and no others, without ever fetching them; a later call replaces them."""
        self._given = {document.url.text: document for document in documents}

    def are_taken(self, policy: Policy) -> bool:
        """Whether any client can be known by a document."""
        wanted, hosts = policy.client_documents, [document.url.host for document in self._given.values()]
        return wanted.fetch or not all(_is_within(host, wanted.refused_domains) for host in hosts)

    def find(self, client_id: str, policy: Policy) -> Client | None:
        """The client, where nothing has to be fetched for it.

        Raises:
            ClientDocumentRefused, ClientDocumentUnwanted: this URL is not taken here, whatever is there.
            ClientBlocked: the operator has blocked it.
        """
        document = self._find(self.require_wanted(client_id, policy))
        return None if document is None else document.to_client(self._clock.now())

    def load(self, client_id: str, policy: Policy, *, network_address: str) -> Client:
        """The client; fetches its document where there is no fresh one. Waits on the network: never call it in a batch.

        Raises:
            ClientDocumentRefused: the document cannot be had, or not be used.
            ClientBlocked: the operator has blocked it.
            TooManyAttempts: too many documents were fetched, for this network or in all.
            TemporarilyUnavailable: too many ask for documents, of this host or in all.
        """
        url = self.require_wanted(client_id, policy)
        document = self._find(url)
        if document is None:
            with self.turns.take(url.host):
                # Who waited finds what the one before has fetched, or learns why there is nothing.
                document = self._find(url) or self._fetch(url, policy, network_address)
        return document.to_client(self._clock.now())

    def require_wanted(self, client_id: str, policy: Policy) -> DocumentUrl:
        """The URL of a client that may be known by its document, whatever is there.

        Raises:
            ClientDocumentRefused, ClientDocumentUnwanted: this URL is not taken here.
            ClientBlocked: the operator has blocked it.
        """
        url, wanted = parse_document_url(client_id), policy.client_documents
        known = self._store.find_client(client_id)
        if known is not None and known.blocked:
            raise ClientBlocked(BLOCKED).because("client_blocked")
        if _is_within(url.host, wanted.refused_domains):
            raise ClientDocumentUnwanted(say("document_host_refused"), client_id)
        if client_id not in self._given:
            _require_fetchable(url, wanted, on_loopback=is_on_loopback(policy.issuer))
        return url

    def _find(self, url: DocumentUrl) -> MetadataDocument | None:
        return self._given.get(url.text) or self.memory.find(url.text, self._clock.now())

    def _fetch(self, url: DocumentUrl, policy: Policy, network_address: str) -> MetadataDocument:
        self._require_no_pause(url)
        self._spend(policy.client_documents.fetches, network_address)
        try:
            fetched = self._source.fetch(url, loopback=is_on_loopback(policy.issuer))
            document = parse_metadata_document(url, fetched.body)
        except SourceBusy:
            self._count(FetchResult.BUSY)
            # Whose document it is has no part in it: no pause, and nothing that others would be told of this host.
            raise TemporarilyUnavailable("too many apps are being looked up right now") from None
        except DocumentUnavailable as failure:
            self._count(FetchResult.UNAVAILABLE)
            key = url.authority if failure.host_failed else url.text
            raise self._refuse(url, key, failure.reason, failure.detail) from None
        except ClientDocumentRefused as refusal:
            self._count(FetchResult.UNUSABLE)
            raise self._refuse(url, url.text, refusal.reason) from None
        self._count(FetchResult.FETCHED)
        kept_for = self.memory.keep(document, fetched.fresh_for, self._clock.now())
        _log.info("client document fetched", extra={"client_id": url.text, "kept_for": kept_for})
        for uri in document.left_out:
            _log.warning("redirect URI left out of a document", extra={"client_id": url.text, "redirect_uri": uri})
        return document

    def _require_no_pause(self, url: DocumentUrl) -> None:
        now = self._clock.now()
        for key in (url.text, url.authority):
            if (failure := self.memory.find_failure(key, now)) is not None:
                again = say("document_asked_again", seconds=failure.until - now)
                raise ClientDocumentRefused(failure.reason, url.text, again)

    def _refuse(self, url: DocumentUrl, key: str, reason: str, detail: str = "") -> ClientDocumentRefused:
        # Told again until the pause is over, and never taken for what the document says: errors are not cached.
        self.memory.note_failure(key, reason, self._clock.now())
        _log.warning(
            "client document refused", extra={"client_id": url.text, "why": reason, "detail": detail or "none"}
        )
        return ClientDocumentRefused(reason, url.text)

    def _spend(self, rate: Rate, network_address: str) -> None:
        now_ms, network, in_all = self._clock.now_ms(), network_of(network_address), rate_in_all(rate)

        def intent(tx: LimitIntents) -> None:
            what = "apps that are new here"
            require_slot(tx, LimitKey.of("client document", network=network), rate, now_ms=now_ms, what=what)
            require_slot_in_all(tx, LimitKey.of("client document"), in_all, network, now_ms=now_ms, what=what)

        if rate.count:
            self._store.write(intent)


def rate_in_all(of_one_network: Rate) -> Rate:
    """How often may be fetched in all, where one network may fetch that often."""
    return Rate(of_one_network.count * NETWORKS_AT_ONCE, of_one_network.period)


def may_fetch_keys(jwks_uri: str, policy: Policy) -> bool:
    """Whether the keys of a client that is known by a document may be fetched: from where documents may be."""
    url, wanted = parse_document_url(jwks_uri), policy.client_documents
    if _is_within(url.host, wanted.refused_domains):
        return False
    try:
        _require_fetchable(url, wanted, on_loopback=is_on_loopback(policy.issuer))
    except ClientDocumentRefused:
        return False
    return True


def _require_fetchable(url: DocumentUrl, wanted: DocumentPolicy, *, on_loopback: bool) -> None:
    if not wanted.fetch:
        raise ClientDocumentUnwanted(say("documents_off"), url.text)
    if wanted.allowed_domains and not _is_within(url.host, wanted.allowed_domains):
        raise ClientDocumentUnwanted(say("document_host_not_let_in"), url.text)
    # Draft, "SSRF Attacks": this machine's own servers are for development on it.
    if url.loopback and not on_loopback:
        raise ClientDocumentRefused(say("document_url_host"), url.text)


def _is_within(host: str, domains: Iterable[str]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)
