"""Each sentence of `core.domain.sayings`, in English. Other languages have the same names elsewhere."""

from collections.abc import Mapping

_AUTHORIZATION = {
    "parameter_repeated": "{name} must not be repeated",
    "parameter_missing": "{name} is missing",
    "redirect_uri_too_long": "a redirect_uri has at most {most} characters",
    "redirect_uri_letters": "redirect_uri {uri} has characters that a URI cannot have",
    "redirect_uri_no_uri": "redirect_uri {uri} is not a URI",
    "redirect_uri_port_0": "redirect_uri {uri} names port 0, which nobody listens at",
    "redirect_uri_port": "redirect_uri {uri} spells its port in an unusual way",
    "redirect_uri_host": "redirect_uri {uri} must have a name or an address for its host",
    "redirect_uri_https": "redirect_uri {uri} must be https, or http on this machine",
    "redirect_uri_scheme": "redirect_uri {uri}: no browser is ever sent to {scheme}:",
    "redirect_uri_absolute": "redirect_uri '{uri}' must be an absolute URI with a host, its scheme in lower case",
    "redirect_uri_fragment": "redirect_uri {uri} must not have a fragment (RFC 6749 section 3.1.2)",
    "redirect_uri_userinfo": "redirect_uri {uri} must not have user information or escapes in its host",
    "redirect_uri_dots": "redirect_uri {uri} must not have dot segments",
    "redirect_uri_reserved": "redirect_uri {uri} must not bring along {names}",
    "redirect_uri_not_allowed": (
        "redirect_uri {uri} is not allowed here; the operator can allow it with the setting "
        "Server.OAuthAllowedRedirectURI"
    ),
    "redirect_uri_untrusted_host": (
        "redirect_uri {uri} is not allowed here; the operator can allow it with the setting "
        "Server.OAuthAllowedRedirectURI; or this one with ClientDocuments.TrustedClientHost = {host}"
    ),
    "redirect_uri_not_registered": "redirect_uri {uri} is not registered for this app",
    "redirect_uri_not_in_document": "redirect_uri {uri} is not in the document of this app, {client_id}",
    "redirect_uri_not_added": (
        "redirect_uri {uri} is none that the operator added this app with: it has to be added anew with it "
        "(tokenhouse clients add --redirect-uri)"
    ),
    "scope_malformed": "scope holds more than names, of printable ASCII without quotes and backslashes, and spaces",
    "scope_missing": "name the scope: this client has none that it gets without",
    "scope_not_the_clients": "scope {name} is not one of this client's",
    "scope_unknown": "scope {name} is not one of this server's",
    "resource_no_uri": "resource is not a URI",
    "resource_absolute": "resource must be an absolute URI with a host, without fragment and user information",
    "resources_too_many": "at most {most} resources in one request",
    "resources_too_long": "at most {most} characters in the resources of one request",
    "resource_unknown": "unknown resource {uri}; the operator can allow it with the setting OAuth.Resource",
    "resource_https": "resource {uri} must be https, or http on this machine",
    "resource_everywhere": "the server's own address stands for every service and cannot be named beside others",
    "request_too_long_elsewhere": (
        "the request is too long to be carried through the sign-in page of another provider"
    ),
}

#: Of what a host did not give; "it" is a client's document, or a provider.
_FETCHES = {
    "host_leads_nowhere": "the name of its host leads nowhere",
    "host_not_public": "the name of its host leads to an address that is not public",
    "host_unreachable": "its host cannot be reached",
    "host_certificate": "its host has no certificate that is good for it",
    "host_no_tls": "its host does not speak TLS with this server",
    "host_no_http": "its host did not answer as HTTP asks for",
    "host_redirects": "its host redirects, and a document must stand at its own address",
    "host_compresses": "its host compresses it, which nobody asked for",
    "host_status": "its host answers with status {status}",
    "fetch_too_late": "it did not come in time",
    "fetch_not_ascii": "its address or what is sent there is not ASCII",
    "fetch_too_large": "it is larger than {kilobytes} KB",
    "fetch_content_type": "its content type is not application/json",
}

_DOCUMENTS = {
    "document_at": "the app says who it is at {url}",
    "document_asked_again": "it is asked for again in {seconds} s",
    "document_url_too_long": "it has more than {most} characters",
    "document_url_letters": "it has characters that a URL cannot have",
    "document_url_fragment": "it must not have a fragment",
    "document_url_host": "its host must be a public name in lower case",
    "document_url_path": "it must have a path",
    "document_url_dots": "it must not have dot segments",
    "documents_off": "this server fetches no documents of apps",
    "document_host_not_let_in": "its host is not one whose apps this server lets in",
    "document_host_refused": "this server refuses the apps of its host",
    "document_of_another": "the client_id in it is another one",
    "document_no_json": "it is not JSON",
    "document_no_object": "it is not a JSON object",
    "document_has_secret": "it has {name}, and whatever everybody can read is no secret",
    "document_has_private_key": "it has a private key in jwks, which everybody can read",
    "document_methods_no_array": "token_endpoint_auth_methods_supported must be an array of strings",
    "document_method_no_string": "token_endpoint_auth_method must be a string",
    "document_method": "the client authenticates with {methods}, and this server takes none and private_key_jwt",
    "document_keys_missing": "private_key_jwt needs either jwks or a jwks_uri",
    "document_keys_address": "jwks_uri must be an https URL",
    "document_keys_unusable": "{name} cannot be used",
    "document_no_redirect_uris": "redirect_uris must be an array with at least one URI in it",
    "document_many_redirect_uris": "it has more than {most} redirect_uris",
    "document_unusable_redirect_uris": "none of its redirect_uris can be used",
    "metadata_text": "{name} must be printable text of at most {most} characters",
    "metadata_no_uri": "{name} is not a URI",
    "metadata_link": "{name} must be an https or http URI",
    "metadata_grant_types": "grant_types must be an array with authorization_code in it, or device_code's URN",
    "metadata_response_types": "response_types must be an array with code in it",
}

_PROVIDERS = {
    "provider_unusable": "{provider} cannot be used",
    "provider_busy": "too many sign-ins at other providers right now",
    "provider_secret_unread": "the ClientSecretFile of {provider} cannot be read",
    "provider_secret_missing": "the ClientSecretFile of {provider} holds no secret",
    "provider_status": "it answers with status {status}",
    "provider_no_object": "what it answers is no JSON object",
    "provider_no_url": "its address is no URL",
    "provider_no_https": "its address is not an https URL",
    "provider_issuer": "its metadata are those of another issuer; Issuer has to be spelt as it is there",
    "provider_metadata": "its metadata cannot be used",
    "provider_no_key": "it has no key that can be used",
    "provider_token_no_json": "its token endpoint does not answer with JSON",
    "login_refused": "{provider} refuses the sign-in: {error}",
    "login_nobody": "nobody has signed in: {provider} says {error}",
    "login_not_ours": "the way back from the sign-in page has expired, was used before or belongs to another browser",
    "login_not_its": "the answer is not one of {provider}",
    "login_repeated": "the answer has {name} twice",
    "logout_not_ours": "the way back has expired or belongs to another browser",
    "id_token_bad": "the ID token of {provider} is not good for this sign-in: {claim}",
    "id_token_unsound": "the ID token of {provider} is none, or its signature is not good",
    "id_token_nobody": "the ID token of {provider} names nobody",
    "id_token_unknown_key": "the ID token of {provider} is signed by an unknown key",
    "id_token_no_time": "{provider} does not tell when the user signed in there (auth_time)",
    "id_token_old_login": "{provider} was to ask for a new sign-in, and has taken an older one",
    "user_info_of_another": "the UserInfo endpoint speaks of somebody else",
    "user_domain": "only verified e-mail addresses of {domains} are let in by {provider}",
    "user_no_name": "{provider} tells no name that can be used here",
    "user_groups": "{provider} tells too many groups",
    "user_not_linked": "no account on this server is linked with this one of {provider}",
    "user_name_taken": "this server has an account {username} already that is not linked with {provider}",
    "user_disabled": "the account {username} is disabled on this server",
}

_CONSOLE = {
    "no_client": "there is no client {client_id}",
    "no_user": "there is no user {username}",
    "no_grant": "there is no grant {grant_id}",
    "no_count": "there is no count {limit_id}: all of its tries are back",
    "no_key": "no signing key that is trusted has this kid: `tokenhouse keys list` has them",
    "no_grant_id": "a grant id is 32 hexadecimal digits",
    "no_limit_id": "a limit_id is 32 hexadecimal digits",
    "no_session_id": "a session_id is hexadecimal digits",
    "no_username": "a user name is 1 to 64 printable characters without spaces",
    "no_page_token": "that is no page token of this server",
    "clock_in_doubt": "the clock is in doubt, and keys retire by it: see `tokenhouse clock show`",
    "times_apart": "since and until are seconds since the epoch, at most 400 days apart",
    "numbers_below_zero": "numbers and times are 0 or more",
}

SENTENCES: Mapping[str, str] = {**_AUTHORIZATION, **_FETCHES, **_DOCUMENTS, **_PROVIDERS, **_CONSOLE}
