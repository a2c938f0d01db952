"""What each finding says, in English; {names} stand for what was seen. Other languages have the same keys elsewhere."""

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    "redirect_uri_allowed_now": "The redirect URI {uri} was not allowed; it is now: connect again.",
    "redirect_uri_of_untrusted_host": (
        "The redirect URI {uri} is not allowed. If you trust that host, allow those of its clients, then connect again."
    ),
    "redirect_uri_not_allowed": (
        "The redirect URI {uri} is not allowed. If you trust the client, allow it, then connect again."
    ),
    "redirect_uri_below_not_allowed": (
        "The redirect URI {uri} is not allowed. If you trust the client, allow it, then connect again. This "
        "entry allows everything below it."
    ),
    "redirect_uri_unusable": (
        "No setting allows the redirect URI {uri}: it has to be absolute, and https, http on this machine or "
        "of a scheme of the app's own with a host. The client was told what is wrong with it."
    ),
    "redirect_uri_not_registered": (
        "The client sent the redirect URI {uri}, which it has not registered: remove the connection there and "
        "add it again."
    ),
    "redirect_uri_not_registered_nor_allowed": (
        "The client sent the redirect URI {uri}, which it has not registered: remove the connection there and "
        "add it again, after the setting allows it."
    ),
    "redirect_uri_below_not_registered_nor_allowed": (
        "The client sent the redirect URI {uri}, which it has not registered: remove the connection there and "
        "add it again, after the setting allows it. This entry allows everything below it."
    ),
    "redirect_uri_not_in_document": (
        "The client sent the redirect URI {uri}, which its document does not list: whoever makes the client has to add "
        "it there; until then a file that lists it, named by [ClientDocuments] File, counts instead."
    ),
    "redirect_uri_not_in_document_nor_allowed": (
        "The client sent the redirect URI {uri}, which its document does not list, or no setting allows. If it is "
        "listed and you trust the client, allow it, then connect again; else whoever makes the client has to add it."
    ),
    "redirect_uri_below_not_in_document_nor_allowed": (
        "The client sent the redirect URI {uri}, which its document does not list, or no setting allows. If it is "
        "listed and you trust the client, allow it, then connect again; else whoever makes the client has to add it. "
        "This entry allows everything below it."
    ),
    "redirect_uri_not_added": (
        "The client sent the redirect URI {uri}, which it was not added with. If it is right, add the client anew with "
        "it: `tokenhouse clients add --redirect-uri`."
    ),
    "resource_unknown": (
        "The client asked for the resource {uri}; listed are {listed}. List it if it is a service of yours; "
        "else let the service's metadata name the resource as it is listed (RFC 9728)."
    ),
    "resource_not_https": (
        "The resource {uri} must be https, or http on this machine; let the service's metadata say so."
    ),
    "resource_not_granted": ("The client asked for a token for {uri}, which it had not named when the user was asked."),
    "token_unseen": (
        "The client has an access token, of which no service has asked this server for {minutes} minutes now. "
        "Look whether the client reaches its service, and whether that asks this server; one that verifies "
        "tokens by itself is not seen here."
    ),
    "token_unseen_and_expired": (
        "The client has an access token, of which no service has asked this server, and it has expired. Look "
        "whether the client reaches its service, and whether that asks this server; one that verifies tokens "
        "by itself is not seen here."
    ),
    "no_resource": (
        "A service that calls itself {asked} asked about a token for {audience}. The client named no resource "
        "(RFC 8707), and tokens for every service are switched off: update the client."
    ),
    "wrong_audience": (
        "A service that calls itself {asked} asked about a token for {audience}. Let the service ask by the "
        "name that its metadata give as its resource, to the letter (RFC 9728)."
    ),
    "refreshed_too_late": (
        "The client presented a refresh token again, after RefreshReuseWindow ({window} s): the grant has "
        "ended, and the user has to connect again. Two of its processes share one token, or somebody holds a "
        "copy."
    ),
    "refreshed_twice": (
        "The client presented the refresh token before its last one ({times} so far): it refreshed twice at "
        "once, or an answer was lost. It got the same answer again, which is good within RefreshReuseWindow "
        "({window} s) and ends the grant later."
    ),
    "assertion_time": (
        "The client's assertion was expired, or from the future: set the clock of the client's machine, or this one's."
    ),
    "token_expired": (
        "The access token was presented when it had expired, and never before: the client's clock is behind, "
        "or it does not refresh."
    ),
    "client_unknown": (
        "This server does not know the client: it was deleted or forgotten, or is of another server. Remove the "
        "connection in the client and add it again; one that was added here by `tokenhouse clients add` is added "
        "anew like that."
    ),
    "document_refused": (
        "The client's document cannot be used: {why}. The log says more; where this server has no way out, "
        "[ClientDocuments] File takes it from a file."
    ),
    "document_unwanted": (
        "The client's document is not asked for: {why}. Whose documents are taken say Fetch, AllowedDomain, "
        "RefusedDomain and File of [ClientDocuments]."
    ),
    "code_mismatched": (
        "The code was presented by another client, or with another redirect_uri or code_verifier than it was "
        "made for: a fault of the client, or of somebody who has taken the code."
    ),
    "code_used_twice": (
        "The code was presented a second time, which has ended the grant with every token (RFC 6749 §4.1.2): "
        "the client sends its token request twice, or somebody has a copy of the code. Connect again."
    ),
    "code_never_redeemed": (
        "The browser was sent to the client with a code that never came here: nothing listens at the redirect "
        "URI any more, or the client does not reach the token endpoint."
    ),
    "issuer_elsewhere": (
        "The metadata were read at {seen}, but the issuer is {issuer}, and clients that compare the two stop "
        "there (RFC 8414 section 3.3). Name the issuer to the letter wherever it is named, or set [Server] "
        "Address where that is what is wrong. Where a proxy replaces the Host header this means nothing."
    ),
    "issuer_not_there": (
        "The metadata were looked for at {seen}, where there are none: somebody takes “{implied}” for the end "
        "of the issuer, which is {issuer}. Name the issuer to the letter, a slash at its end included."
    ),
    "assertion_audience": (
        "The client's assertion has {named} as its aud, but the issuer is {issuer}: the client has to use "
        "that, to the letter."
    ),
    "clock_ahead": (
        "This machine's clock is {seconds} s ahead of the time that is served: `tokenhouse doctor` says what to do."
    ),
    "clock_behind": (
        "This machine's clock is {seconds} s behind the time that is served: `tokenhouse doctor` says what to do."
    ),
    "assertion_no_audience": (
        "The client's assertion has something that is no URI as its aud, but the issuer is {issuer}: the "
        "client has to use that, to the letter."
    ),
}
