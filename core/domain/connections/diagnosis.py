"""What is the matter with an attempt: one rule for each fault, made of what was seen and of the policy in force."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from core.domain.clients.redirect_policy import is_allowed, parse_redirect_uri
from core.domain.connections.attempt import Attempt
from core.domain.connections.event import Event, Step, kept_part
from core.domain.connections.finding import Fault, Finding, find_out
from core.domain.connections.issuer import find_foreign_assertions, find_other_issuers
from core.domain.connections.reads import Reads
from core.domain.errors import InvalidRedirectUri
from core.domain.policy import Policy

#: How long a token may be unknown to every service before that is worth a word, in milliseconds.
_SILENCE_MS = 300_000

_Rule = Callable[[Attempt, Policy, int], Iterator[Finding]]


def diagnose(attempt: Attempt, reads: Sequence[Reads], policy: Policy, now_ms: int) -> list[Finding]:
    """What is the matter with an attempt, to which these reads of the metadata belong, at a moment."""
    found = [] if attempt.has(Step.TOKEN, "redeemed") else list(find_other_issuers(reads, policy.issuer))
    found += find_foreign_assertions(attempt, policy.issuer)
    for rule in _RULES:
        found += rule(attempt, policy, now_ms)
    return found


def state_of(attempt: Attempt) -> str:
    """How far it came, in a word of the contract."""
    if _was_misused(attempt) or attempt.has(Step.CONSENT, "denied") or attempt.has(Step.DEVICE, "denied"):
        return "refused"
    if attempt.has(Step.VALIDATION, "active"):
        return "connected"
    if attempt.has(Step.TOKEN, "revoked"):
        return "refused"
    if attempt.has(Step.TOKEN, "redeemed"):
        return "token_issued"
    return "refused" if attempt.events and attempt.events[-1].happening.refused else "begun"


def _was_misused(attempt: Attempt) -> bool:
    """What was presented twice has ended its grant."""
    return attempt.has(Step.TOKEN, "reused") or attempt.has(Step.REFRESH, "reused")


def _redirect_uri(attempt: Attempt, policy: Policy, _now_ms: int) -> Iterator[Finding]:
    if attempt.has(Step.CODE):
        return
    for event in _by_uri(attempt.with_outcomes("redirect_uri_not_allowed", "redirect_uri_of_untrusted_host")):
        uri, of_host = event.happening.about, event.happening.outcome == "redirect_uri_of_untrusted_host"
        host = uri.removeprefix("https://").partition("/")[0]
        if _is_allowed(uri, policy) or (of_host and host in policy.client_documents.trusted_hosts):
            yield find_out(Fault.REDIRECT_URI_NOT_ALLOWED, "redirect_uri_allowed_now", uri=uri)
        elif of_host:
            setting = f"[ClientDocuments] TrustedClientHost = {host}"
            yield find_out(Fault.REDIRECT_URI_NOT_ALLOWED, "redirect_uri_of_untrusted_host", setting, uri=uri)
        else:
            setting = _allowing(uri)
            sentence = "redirect_uri_below_not_allowed" if setting.endswith("/") else "redirect_uri_not_allowed"
            yield find_out(Fault.REDIRECT_URI_NOT_ALLOWED, sentence, setting, uri=uri)
    for event in _by_uri(attempt.with_outcomes("redirect_uri_unusable")):
        yield find_out(Fault.REDIRECT_URI_NOT_ALLOWED, "redirect_uri_unusable", uri=event.happening.about)
    for event in attempt.with_outcomes("redirect_uri_not_added")[-1:]:
        # What an operator adds needs no setting.
        yield find_out(Fault.REDIRECT_URI_NOT_REGISTERED, "redirect_uri_not_added", uri=event.happening.about)
    for event in attempt.with_outcomes("redirect_uri_not_registered", "redirect_uri_not_in_document")[-1:]:
        uri = event.happening.about
        setting = "" if _is_allowed(uri, policy) else _allowing(uri)
        sentence = event.happening.outcome + ("_nor_allowed" if setting else "")
        if setting.endswith("/"):
            sentence = sentence.replace("redirect_uri_", "redirect_uri_below_")
        yield find_out(Fault.REDIRECT_URI_NOT_REGISTERED, sentence, setting, uri=uri)


def _resource(attempt: Attempt, policy: Policy, _now_ms: int) -> Iterator[Finding]:
    if attempt.has(Step.TOKEN, "redeemed"):
        return
    for event in attempt.with_outcomes("resource_unknown", "resource_not_https", "resource_not_granted")[-1:]:
        uri, listed = event.happening.about, ", ".join(policy.resources)
        if event.happening.outcome == "resource_unknown":
            # One that is not kept whole cannot be written down.
            setting = f"[OAuth] Resource = {uri}" if uri == kept_part(uri) else ""
            yield find_out(Fault.RESOURCE_UNKNOWN, "resource_unknown", setting, uri=uri, listed=listed)
        else:
            yield find_out(Fault.RESOURCE_UNKNOWN, event.happening.outcome, uri=uri)


def _presentation(attempt: Attempt, policy: Policy, now_ms: int) -> Iterator[Finding]:
    issued = attempt.find(Step.TOKEN, "redeemed")
    # What came before a service took the token was overcome.
    taken = max((event.last_at_ms for event in attempt.find(Step.VALIDATION, "active")), default=0)
    others = [each for each in attempt.find(Step.VALIDATION, "other_audience") if each.last_at_ms > taken]
    for event in _by_uri(others):
        yield _explain_audience(event.happening.about, attempt.audience, policy)
    if not issued or others or _was_misused(attempt) or attempt.has(Step.TOKEN, "revoked"):
        return
    silent_ms = now_ms - issued[0].at_ms
    if not attempt.has(Step.VALIDATION) and silent_ms >= min(_SILENCE_MS, policy.access_token_lifetime * 1000):
        if silent_ms >= policy.access_token_lifetime * 1000:
            yield find_out(Fault.TOKEN_NEVER_PRESENTED, "token_unseen_and_expired")
        else:
            yield find_out(Fault.TOKEN_NEVER_PRESENTED, "token_unseen", minutes=str(silent_ms // 60_000))


def _explain_audience(asked: str, audience: tuple[str, ...], policy: Policy) -> Finding:
    own = audience == (policy.issuer,)
    sentence, setting = ("no_resource", "[OAuth] ServerWideTokens = true") if own else ("wrong_audience", "")
    return find_out(Fault.WRONG_AUDIENCE, sentence, setting, asked=asked, audience=", ".join(audience))


def _refreshes(attempt: Attempt, policy: Policy, _now_ms: int) -> Iterator[Finding]:
    window = str(policy.refresh_reuse_window)
    if attempt.has(Step.REFRESH, "reused"):
        yield find_out(Fault.REFRESHED_TWICE, "refreshed_too_late", window=window)
    elif replayed := attempt.find(Step.REFRESH, "replayed"):
        times = str(sum(event.count for event in replayed))
        yield find_out(Fault.REFRESHED_TWICE, "refreshed_twice", times=times, window=window)


def _clocks(attempt: Attempt, _policy: Policy, _now_ms: int) -> Iterator[Finding]:
    if attempt.with_outcomes("assertion_expired", "assertion_from_the_future"):
        yield find_out(Fault.CLOCK_SKEW, "assertion_time")
    if attempt.has(Step.VALIDATION, "expired") and not attempt.has(Step.VALIDATION, "active"):
        yield find_out(Fault.CLOCK_SKEW, "token_expired")


def _client(attempt: Attempt, _policy: Policy, _now_ms: int) -> Iterator[Finding]:
    if attempt.with_outcomes("client_unknown"):
        yield find_out(Fault.CLIENT_UNKNOWN, "client_unknown")
    came = attempt.has(Step.DOCUMENT, "fetched") or attempt.has(Step.DEVICE, "started")
    for event in attempt.with_outcomes("client_document_refused", "client_document_unwanted")[-1:]:
        if came:
            return
        sentence = event.happening.outcome.removeprefix("client_")
        yield find_out(Fault.DOCUMENT_REFUSED, sentence, why=event.happening.about)


def _code(attempt: Attempt, policy: Policy, now_ms: int) -> Iterator[Finding]:
    if attempt.has(Step.TOKEN, "mismatched"):
        yield find_out(Fault.CODE_MISMATCHED, "code_mismatched")
    if attempt.has(Step.TOKEN, "reused"):
        yield find_out(Fault.CODE_USED_TWICE, "code_used_twice")
    issued = attempt.find(Step.CODE)
    if issued and not attempt.has(Step.TOKEN) and now_ms - issued[-1].last_at_ms > policy.code_lifetime * 1000:
        yield find_out(Fault.CODE_NEVER_REDEEMED, "code_never_redeemed")


def _is_allowed(uri: str, policy: Policy) -> bool:
    # Whether an exact entry has the same query or end, nobody can tell any more.
    whole = uri == kept_part(uri)
    return _fits(kept_part(uri), [entry for entry in policy.allowed_redirect_uris if whole or entry.endswith("/")])


def _fits(uri: str, entries: Sequence[str]) -> bool:
    try:
        return is_allowed(parse_redirect_uri(uri), entries)
    except InvalidRedirectUri:
        return False


def _allowing(uri: str) -> str:
    """An entry that allows it: itself, or where it was not kept whole, what lies in its folder, if there is one."""
    known = kept_part(uri)
    if uri == known:
        return f"[Server] OAuthAllowedRedirectURI = {uri}"
    folder = f"{known.rpartition('/')[0]}/"
    return f"[Server] OAuthAllowedRedirectURI = {folder}" if _fits(known, [folder]) else ""


def _by_uri(events: Iterable[Event]) -> Iterable[Event]:
    """The last event of each URI: a registration names several, and several may come from one network."""
    return {event.happening.about: event for event in events}.values()


_RULES: tuple[_Rule, ...] = (_redirect_uri, _resource, _client, _code, _presentation, _refreshes, _clocks)
