"""What is the matter with an attempt: one rule for each fault, made of what was seen and of the policy in force."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from core.domain.clients.redirect_policy import is_allowed, parse_redirect_uri
from core.domain.connections.attempt import Attempt
from core.domain.connections.event import CUT_QUERY, Event, Step
from core.domain.connections.finding import Fault, Finding
from core.domain.connections.issuer import find_foreign_assertions, find_other_issuers
from core.domain.connections.reads import Reads
from core.domain.errors import InvalidRedirectUri
from core.domain.policy import Policy

#: How long a token may be unknown to every service before that is worth a word, in milliseconds.
_SILENCE_MS = 300_000
_AGAIN = "then connect again"

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
            words = f"The redirect URI {uri} was not allowed; it is now: connect again."
            yield Finding(Fault.REDIRECT_URI_NOT_ALLOWED, words)
        elif of_host:
            words = (
                f"The redirect URI {uri} is not allowed. If you trust that host, allow those of its clients, {_AGAIN}."
            )
            setting = f"[ClientDocuments] TrustedClientHost = {host}"
            yield Finding(Fault.REDIRECT_URI_NOT_ALLOWED, words, setting)
        else:
            words, setting = (
                f"The redirect URI {uri} is not allowed. If you trust the client, allow it, ",
                _allowing(uri),
            )
            below = " This entry allows everything below it." if setting.endswith("/") else ""
            yield Finding(Fault.REDIRECT_URI_NOT_ALLOWED, f"{words}{_AGAIN}.{below}", setting)
    for event in _by_uri(attempt.with_outcomes("redirect_uri_unusable")):
        words = (
            f"No setting allows the redirect URI {event.happening.about}: it has to be absolute, and https, http on "
            "this machine or of a scheme of the app's own with a host. The client was told what is wrong with it."
        )
        yield Finding(Fault.REDIRECT_URI_NOT_ALLOWED, words)
    for event in attempt.with_outcomes("redirect_uri_not_registered")[-1:]:
        uri = event.happening.about
        words = f"The client sent the redirect URI {uri}, which it has not registered: remove the connection there and "
        setting = "" if _is_allowed(uri, policy) else _allowing(uri)
        more = "add it again, after the setting allows it." if setting else "add it again."
        yield Finding(Fault.REDIRECT_URI_NOT_REGISTERED, words + more, setting)


def _resource(attempt: Attempt, policy: Policy, _now_ms: int) -> Iterator[Finding]:
    if attempt.has(Step.TOKEN, "redeemed"):
        return
    for event in attempt.with_outcomes("resource_unknown", "resource_not_https", "resource_not_granted")[-1:]:
        uri, listed = event.happening.about, ", ".join(policy.resources)
        if event.happening.outcome == "resource_unknown":
            words = (
                f"The client asked for the resource {uri}; listed are {listed}. List it if it is a service of yours; "
                "else let the service's metadata name the resource as it is listed (RFC 9728)."
            )
            # One whose query is not kept cannot be written down.
            setting = "" if uri.endswith(CUT_QUERY) else f"[OAuth] Resource = {uri}"
            yield Finding(Fault.RESOURCE_UNKNOWN, words, setting)
        elif event.happening.outcome == "resource_not_https":
            words = f"The resource {uri} must be https, or http on this machine; let the service's metadata say so."
            yield Finding(Fault.RESOURCE_UNKNOWN, words)
        else:
            words = f"The client asked for a token for {uri}, which it had not named when the user was asked."
            yield Finding(Fault.RESOURCE_UNKNOWN, words)


def _presentation(attempt: Attempt, policy: Policy, now_ms: int) -> Iterator[Finding]:
    issued = attempt.find(Step.TOKEN, "redeemed")
    # What came before a service took the token was overcome.
    taken = max((event.last_at_ms for event in attempt.find(Step.VALIDATION, "active")), default=0)
    others = [each for each in attempt.find(Step.VALIDATION, "other_audience") if each.last_at_ms > taken]
    for event in _by_uri(others):
        yield Finding(Fault.WRONG_AUDIENCE, *_explain_audience(event.happening.about, attempt.audience, policy))
    if not issued or others or _was_misused(attempt) or attempt.has(Step.TOKEN, "revoked"):
        return
    silent_ms = now_ms - issued[0].at_ms
    if not attempt.has(Step.VALIDATION) and silent_ms >= min(_SILENCE_MS, policy.access_token_lifetime * 1000):
        over = silent_ms >= policy.access_token_lifetime * 1000
        since = "and has expired" if over else f"for {silent_ms // 60_000} minutes now"
        yield Finding(
            Fault.TOKEN_NEVER_PRESENTED,
            f"The client has an access token, of which no service has asked this server {since}. Look whether the "
            "client reaches its service, and whether that asks this server; one that verifies tokens by itself is not "
            "seen here.",
        )


def _explain_audience(asked: str, audience: tuple[str, ...], policy: Policy) -> tuple[str, str]:
    words = f"A service that calls itself {asked} asked about a token for {', '.join(audience)}. "
    if audience == (policy.issuer,):
        more = (
            "The client named no resource (RFC 8707), and tokens for every service are switched off: update the client."
        )
        return words + more, "[OAuth] ServerWideTokens = true"
    return (
        words + "Let the service ask by the name that its metadata give as its resource, to the letter (RFC 9728).",
        "",
    )


def _refreshes(attempt: Attempt, policy: Policy, _now_ms: int) -> Iterator[Finding]:
    window = f"RefreshReuseWindow ({policy.refresh_reuse_window} s)"
    if attempt.has(Step.REFRESH, "reused"):
        yield Finding(
            Fault.REFRESHED_TWICE,
            f"The client presented a refresh token again, after {window}: the grant has ended, and the user has to "
            "connect again. Two of its processes share one token, or somebody holds a copy.",
        )
    elif replayed := attempt.find(Step.REFRESH, "replayed"):
        times = sum(event.count for event in replayed)
        yield Finding(
            Fault.REFRESHED_TWICE,
            f"The client presented the refresh token before its last one ({times} so far): it refreshed twice at once, "
            "or an answer was lost. It got the same answer again, which is good within "
            f"{window} and ends the grant later.",
        )


def _clocks(attempt: Attempt, _policy: Policy, _now_ms: int) -> Iterator[Finding]:
    if attempt.with_outcomes("assertion_expired", "assertion_from_the_future"):
        yield Finding(
            Fault.CLOCK_SKEW,
            "The client's assertion was expired, or from the future: set the clock of the client's machine, or this "
            "one's.",
        )
    if attempt.has(Step.VALIDATION, "expired") and not attempt.has(Step.VALIDATION, "active"):
        yield Finding(
            Fault.CLOCK_SKEW,
            "The access token was presented when it had expired, and never before: the client's clock is behind, or it "
            "does not refresh.",
        )


def _client(attempt: Attempt, _policy: Policy, _now_ms: int) -> Iterator[Finding]:
    if attempt.with_outcomes("client_unknown"):
        yield Finding(
            Fault.CLIENT_UNKNOWN,
            "This server does not know the client: it was deleted or forgotten, or is of another server. Remove the "
            "connection in the client and add it again.",
        )
    came = attempt.has(Step.DOCUMENT, "fetched") or attempt.has(Step.DEVICE, "started")
    for event in attempt.with_outcomes("client_document_refused", "client_document_unwanted")[-1:]:
        if came:
            return
        if event.happening.outcome == "client_document_refused":
            words = (
                f"The client's document cannot be used: {event.happening.about}. The log says more; where this server "
                "has no way out, [ClientDocuments] File takes it from a file."
            )
        else:
            words = (
                f"The client's document is not asked for: {event.happening.about}. Whose documents are taken say "
                "Fetch, AllowedDomain, RefusedDomain and File of [ClientDocuments]."
            )
        yield Finding(Fault.DOCUMENT_REFUSED, words)


def _code(attempt: Attempt, policy: Policy, now_ms: int) -> Iterator[Finding]:
    if attempt.has(Step.TOKEN, "mismatched"):
        yield Finding(
            Fault.CODE_MISMATCHED,
            "The code was presented by another client, or with another redirect_uri or code_verifier than it was made "
            "for: a fault of the client, or of somebody who has taken the code.",
        )
    if attempt.has(Step.TOKEN, "reused"):
        yield Finding(
            Fault.CODE_USED_TWICE,
            "The code was presented a second time, which has ended the grant with every token (RFC 6749 §4.1.2): the "
            "client sends its token request twice, or somebody has a copy of the code. Connect again.",
        )
    issued = attempt.find(Step.CODE)
    if issued and not attempt.has(Step.TOKEN) and now_ms - issued[-1].last_at_ms > policy.code_lifetime * 1000:
        yield Finding(
            Fault.CODE_NEVER_REDEEMED,
            "The browser was sent to the client with a code that never came here: nothing listens at the redirect URI "
            "any more, or the client does not reach the token endpoint.",
        )


def _is_allowed(uri: str, policy: Policy) -> bool:
    known = uri.removesuffix(CUT_QUERY)
    try:
        parsed = parse_redirect_uri(known)
    except InvalidRedirectUri:
        return False
    # Whether an exact entry has the same query, nobody can tell any more.
    entries = [entry for entry in policy.allowed_redirect_uris if uri == known or entry.endswith("/")]
    return is_allowed(parsed, entries)


def _allowing(uri: str) -> str:
    """An entry that allows it: itself, or where its query was not kept, what lies in the same folder."""
    known = uri.removesuffix(CUT_QUERY)
    entry = uri if uri == known else f"{known.rpartition('/')[0]}/"
    return f"[Server] OAuthAllowedRedirectURI = {entry}"


def _by_uri(events: Iterable[Event]) -> Iterable[Event]:
    """The last event of each URI: a registration names several, and several may come from one network."""
    return {event.happening.about: event for event in events}.values()


_RULES: tuple[_Rule, ...] = (_redirect_uri, _resource, _client, _code, _presentation, _refreshes, _clocks)
