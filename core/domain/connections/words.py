"""What was seen, in words for operators; made when somebody reads them."""

from collections.abc import Mapping

from core.domain.connections.event import Happening, Step

#: What is told of a step, by what came of it; other languages have the same keys elsewhere.
SEEN: Mapping[tuple[Step, str], str] = {
    (Step.METADATA, "read"): "read the metadata document",
    (Step.METADATA, "not_found"): "asked for a metadata document that is not here",
    (Step.REGISTRATION, "registered"): "registered (RFC 7591)",
    (Step.REGISTRATION, "redirect_uri_left_out"): "one of its redirect URIs was left out, for no setting allows it",
    (Step.DOCUMENT, "fetched"): "its document was found",
    (Step.DOCUMENT, "too_many_attempts"): "its document was not fetched: too many were",
    (Step.DOCUMENT, "temporarily_unavailable"): "its document was not fetched: too many are being looked up",
    (Step.AUTHORIZE, "login_asked"): "the login page was shown",
    (Step.AUTHORIZE, "consent_asked"): "the consent page was shown",
    (Step.AUTHORIZE, "answered"): "was answered at once",
    (Step.LOGIN, "succeeded"): "the user signed in",
    (Step.LOGIN, "went_elsewhere"): "the user went to another OpenID provider to sign in",
    (Step.LOGIN, "upstream_login_failed"): "the other OpenID provider's answer proved nobody's login",
    (Step.LOGIN, "upstream_user_refused"): "the user of the other OpenID provider is not let in here: see the log",
    (Step.LOGIN, "upstream_unavailable"): "the other OpenID provider does not answer",
    (Step.LOGIN, "login_failed"): "the user name or the password was wrong",
    (Step.LOGIN, "too_many_attempts"): "too many logins failed before",
    (Step.CONSENT, "allowed"): "the user allowed it",
    (Step.CONSENT, "denied"): "the user said no",
    (Step.CODE, "issued"): "an authorization code went to the client",
    (Step.DEVICE, "started"): "a device asked for a code (RFC 8628)",
    (Step.DEVICE, "code_entered"): "the user typed the device's code",
    (Step.DEVICE, "allowed"): "the user allowed it",
    (Step.DEVICE, "denied"): "the user said no",
    (Step.DEVICE, "authorization_pending"): "the device asks whether the user has decided",
    (Step.DEVICE, "slow_down"): "the device asks too often",
    (Step.TOKEN, "redeemed"): "the client got its first access token",
    (Step.TOKEN, "repeated"): "the same answer again, for one and the same request",
    (Step.TOKEN, "mismatched"): "the code was not for this client_id, redirect_uri or code_verifier, and is spent",
    (Step.TOKEN, "reused"): "the code was presented a second time, which has ended the grant",
    (Step.TOKEN, "revoked"): "the grant was ended, with every token",
    (Step.TOKEN, "forged"): "the code is none of this server's, or was cut",
    (Step.TOKEN, "access_denied"): "the device learnt that the user said no",
    (Step.TOKEN, "expired_token"): "the device's code has expired",
    (Step.TOKEN, "ended"): "the code came too late, or its grant has ended",
    (Step.REFRESH, "replayed"): "the refresh token before the last one was presented, and got the same answer again",
    (Step.REFRESH, "reused"): "a refresh token that was used before was presented, which has ended the grant",
    (Step.REFRESH, "forged"): "the refresh token is none of this server's, or was cut",
    (Step.REFRESH, "mismatched"): "the refresh token is another client's",
    (Step.REFRESH, "ended"): "the grant has ended",
    (Step.REFRESH, "future"): "the refresh token is newer than this database: it was restored from a backup",
    (Step.VALIDATION, "active"): "a service asked about the access token, which is good",
    (Step.VALIDATION, "other_audience"): "a service asked about the access token, which is for another one",
    (Step.VALIDATION, "expired"): "a service asked about the access token, which had expired",
    (Step.VALIDATION, "revoked"): "a service asked about the access token, which had been revoked",
    (Step.VALIDATION, "user_inactive"): "a service asked about the access token, whose user is disabled",
}
#: What any step may end in.
REFUSED: Mapping[str, str] = {
    "client_unknown": "this server does not know the client",
    "client_document_refused": "its document cannot be used",
    "client_document_unwanted": "the settings take no document from there",
    "client_blocked": "an operator has blocked the client",
    "redirect_uri_not_allowed": "no setting allows the redirect URI",
    "redirect_uri_of_untrusted_host": "no setting allows the redirect URI, on the host of the client's document",
    "redirect_uri_unusable": "no browser is ever sent to the redirect URI",
    "redirect_uri_not_registered": "the client has not registered the redirect URI",
    "redirect_uri_not_in_document": "the client's document does not list the redirect URI",
    "redirect_uri_not_added": "the client was not added with the redirect URI",
    "no_code_challenge": "the client sent no code_challenge, without which nobody is let in (RFC 7636)",
    "code_challenge_not_s256": "the client's code_challenge_method is not S256 (RFC 7636)",
    "resource_unknown": "the resource is not listed",
    "resource_not_https": "the resource is neither https nor on this machine",
    "resource_not_granted": "the resource was not granted",
    "assertion_audience": "the client_assertion is for another server",
    "assertion_expired": "the client_assertion had expired",
    "assertion_from_the_future": "the client_assertion is from the future",
    "initial_access_token_refused": "registering needs an initial access token, and there was none that is good",
    "registration_off": "registering is switched off",
    "too_many_attempts": "there were too many of them before",
    "login_required": "nobody is signed in, and the client wants no page to be shown",
    "consent_required": "the user has to be asked, and the client wants no page to be shown",
    "invalid_client": "the client did not prove who it is: its secret or assertion is missing, wrong or not agreed",
    "unauthorized_client": "the client is not registered for what it asks for, its grant_types say so",
    "invalid_request": "the request lacks something or says something wrong; the client was told what",
    "invalid_client_metadata": "the registration says something that it cannot; the client was told what",
    "temporarily_unavailable": "the server could not answer just then",
    "server_error": "something went wrong on the server: see the log",
}


def describe_happening(happening: Happening) -> str:
    """One sentence without a full stop; it names what it is about, as a client sent it."""
    words = SEEN.get((happening.step, happening.outcome)) or REFUSED.get(happening.outcome)
    if words is None:
        words = f"refused: {happening.outcome}" if happening.refused else happening.outcome
    return f"{words}: {happening.about}" if happening.about else words
