"""The route table."""

from collections.abc import Iterator

from facade import paths
from facade.endpoints.account import (
    disconnect_all_apps,
    disconnect_app,
    end_all_sessions,
    end_session,
    show_account,
)
from facade.endpoints.account_login import log_in_to_account, log_out_of_account
from facade.endpoints.account_passkeys import (
    add_passkey,
    begin_passkey,
    remove_passkey,
    rename_passkey,
    show_passkeys,
)
from facade.endpoints.account_password import change_password
from facade.endpoints.account_second_factor import (
    begin_second_factor,
    confirm_second_factor,
    renew_recovery_codes,
    show_qr_code,
    show_second_factor,
    switch_off_second_factor,
)
from facade.endpoints.asset import show_asset
from facade.endpoints.authorize import authorize
from facade.endpoints.consent import decide_consent
from facade.endpoints.console.acting import act
from facade.endpoints.console.reading import (
    show_audit,
    show_client,
    show_clients,
    show_connections,
    show_grant,
    show_grants,
    show_keys,
    show_limits,
    show_overview,
    show_statistics,
    show_user,
    show_users,
)
from facade.endpoints.console.signing import log_in_to_console, log_out_of_console
from facade.endpoints.device import decide_device_authorization, device
from facade.endpoints.device_authorization import start_device_authorization
from facade.endpoints.device_login import log_in_for_device, log_out_for_device
from facade.endpoints.health import show_livez, show_readyz
from facade.endpoints.introspect import introspect_token
from facade.endpoints.jwks import jwks_reply, show_jwks
from facade.endpoints.login import log_in, log_out
from facade.endpoints.metadata import metadata_reply, show_metadata, show_nothing
from facade.endpoints.passkey_login import log_in_with_passkey, prove_passkey
from facade.endpoints.register import register_client
from facade.endpoints.revoke import revoke_token
from facade.endpoints.second_factor_login import prove_second_factor
from facade.endpoints.token import issue_token
from facade.endpoints.upstream_login import come_back_signed_in, come_back_signed_out, start_upstream_login
from facade.pages.rendering import Pages
from facade.route import BodyReasons, Kind, Route, Urgency

#: RFC 7591 §3.2.2 has its own word for what is wrong with it.
_METADATA = BodyReasons("METADATA_TOO_LARGE", "METADATA_ENCODED")

_READ = ("GET", "HEAD", "OPTIONS")
_POST = ("POST", "OPTIONS")
_BOTH = ("GET", "HEAD", "POST", "OPTIONS")

#: The operators' console. A look at it is no more urgent than a registration, an act ends something.
CONSOLE = (
    *(
        Route(path, _READ, endpoint, Kind.PAGE, Urgency.REGISTRATION, without_clients=True)
        for path, endpoint in (
            (paths.CONSOLE, show_overview),
            (paths.CONSOLE_CLIENTS, show_clients),
            (paths.CONSOLE_CLIENT, show_client),
            (paths.CONSOLE_USERS, show_users),
            (paths.CONSOLE_USER, show_user),
            (paths.CONSOLE_GRANTS, show_grants),
            (paths.CONSOLE_GRANT, show_grant),
            (paths.CONSOLE_STATISTICS, show_statistics),
            (paths.CONSOLE_KEYS, show_keys),
            (paths.CONSOLE_CONNECTIONS, show_connections),
            (paths.CONSOLE_AUDIT, show_audit),
            (paths.CONSOLE_LIMITS, show_limits),
        )
    ),
    Route(paths.CONSOLE_ACT, _BOTH, act, Kind.PAGE, Urgency.ENDING, without_clients=True),
    Route(paths.CONSOLE_LOGIN, _POST, log_in_to_console, Kind.PAGE, without_clients=True),
    Route(paths.CONSOLE_LOGOUT, _POST, log_out_of_console, Kind.PAGE, Urgency.ENDING, without_clients=True),
)

#: The user's own page.
ACCOUNT = (
    Route(paths.ACCOUNT, _READ, show_account, Kind.PAGE, without_clients=True),
    Route(paths.ACCOUNT_LOGIN, _POST, log_in_to_account, Kind.PAGE, without_clients=True),
    Route(paths.ACCOUNT_PASSWORD, _BOTH, change_password, Kind.PAGE, without_clients=True),
    Route(paths.ACCOUNT_SECOND_FACTOR, _READ, show_second_factor, Kind.PAGE, without_clients=True),
    Route(paths.ACCOUNT_PASSKEYS, _READ, show_passkeys, Kind.PAGE, without_clients=True),
    Route(paths.ACCOUNT_SECOND_FACTOR_QR, _READ, show_qr_code, Kind.PAGE, without_clients=True),
    *(
        Route(path, _POST, endpoint, Kind.PAGE, without_clients=True)
        for path, endpoint in (
            (paths.LOGIN_SECOND_FACTOR, prove_second_factor),
            (paths.LOGIN_PASSKEY, log_in_with_passkey),
            (paths.LOGIN_SECOND_PASSKEY, prove_passkey),
            (paths.ACCOUNT_PASSKEYS_BEGIN, begin_passkey),
            (paths.ACCOUNT_PASSKEYS_ADD, add_passkey),
            (paths.ACCOUNT_PASSKEYS_RENAME, rename_passkey),
            (paths.ACCOUNT_PASSKEYS_REMOVE, remove_passkey),
            (paths.ACCOUNT_SECOND_FACTOR_BEGIN, begin_second_factor),
            (paths.ACCOUNT_SECOND_FACTOR_CONFIRM, confirm_second_factor),
            (paths.ACCOUNT_SECOND_FACTOR_OFF, switch_off_second_factor),
            (paths.ACCOUNT_RECOVERY_CODES, renew_recovery_codes),
        )
    ),
    *(
        Route(path, _POST, endpoint, Kind.PAGE, Urgency.ENDING, without_clients=True)
        for path, endpoint in (
            (paths.ACCOUNT_LOGOUT, log_out_of_account),
            (paths.ACCOUNT_DISCONNECT, disconnect_app),
            (paths.ACCOUNT_DISCONNECT_ALL, disconnect_all_apps),
            (paths.ACCOUNT_END_SESSION, end_session),
            (paths.ACCOUNT_END_ALL_SESSIONS, end_all_sessions),
        )
    ),
)

ROUTES = (
    Route(paths.METADATA, _READ, show_metadata, Kind.API, document=metadata_reply, is_metadata=True),
    Route(paths.JWKS, _READ, show_jwks, Kind.API, document=jwks_reply),
    Route(paths.REGISTER, _POST, register_client, Kind.API, Urgency.REGISTRATION, _METADATA),
    Route(paths.AUTHORIZE, ("GET", "HEAD", "POST", "OPTIONS"), authorize, Kind.PAGE),
    Route(paths.DEVICE_AUTHORIZATION, _POST, start_device_authorization, Kind.API, Urgency.REGISTRATION),
    Route(paths.DEVICE, ("GET", "HEAD", "POST", "OPTIONS"), device, Kind.PAGE),
    Route(paths.DEVICE_LOGIN, _POST, log_in_for_device, Kind.PAGE),
    Route(paths.DEVICE_LOGOUT, _POST, log_out_for_device, Kind.PAGE, Urgency.ENDING),
    Route(paths.DEVICE_CONSENT, _POST, decide_device_authorization, Kind.PAGE),
    Route(paths.LOGIN, _POST, log_in, Kind.PAGE),
    Route(paths.UPSTREAM_LOGIN, _POST, start_upstream_login, Kind.PAGE),
    Route(f"{paths.UPSTREAM_CALLBACK}/<provider>", ("GET", "OPTIONS"), come_back_signed_in, Kind.PAGE),
    Route(paths.UPSTREAM_SIGNED_OUT, ("GET", "OPTIONS"), come_back_signed_out, Kind.PAGE),
    Route(paths.LOGOUT, _POST, log_out, Kind.PAGE, Urgency.ENDING),
    Route(paths.CONSENT, _POST, decide_consent, Kind.PAGE),
    Route(paths.TOKEN, _POST, issue_token, Kind.API),
    Route(paths.REVOKE, _POST, revoke_token, Kind.API, Urgency.ENDING),
    Route(paths.INTROSPECT, _POST, introspect_token, Kind.API, Urgency.ENDING),
    *ACCOUNT,
    *CONSOLE,
    Route(paths.LIVEZ, _READ, show_livez, Kind.PLAIN),
    Route(paths.READYZ, _READ, show_readyz, Kind.PLAIN),
)


#: Browser clients look for other documents, too (OpenID Connect's, a resource's): without CORS headers on the answer a
#: script sees a broken network where there is none. Whatever is asked of these names, the answer is that they are not.
NOT_WELL_KNOWN = Route(
    paths.WELL_KNOWN,
    ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"),
    show_nothing,
    Kind.API,
    is_metadata=True,
)


ASSET = Route(f"{paths.STATIC}/<name>", _READ, show_asset, Kind.PLAIN)


def locate(pages: Pages) -> Iterator[tuple[str, Route]]:
    """Every path that is answered, with its route; one pattern, for what is not there."""
    prefix = pages.address.path
    for route in ROUTES:
        yield prefix + route.path, route
        if prefix and route.kind is Kind.PLAIN:
            # Whoever probes this process may not know the public address.
            yield route.path, route
    if prefix:
        # RFC 8414 §3.1 puts the well-known part before the issuer's path; clients ask for either form.
        yield paths.METADATA + prefix, ROUTES[0]
    yield f"{paths.WELL_KNOWN}<name:path>", NOT_WELL_KNOWN
    # Of a service's address, or of an issuer's with a path, clients ask for the appended form as well.
    yield f"/<before:path>{paths.WELL_KNOWN}<name:path>", NOT_WELL_KNOWN
    for name in pages.assets:
        yield f"{prefix}{paths.STATIC}/{name}", ASSET
