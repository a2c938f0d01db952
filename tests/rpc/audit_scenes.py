"""Acts of people and clients, each with the record that it has to leave."""

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tokenhouse.v1 import (
    account_pb2,
    authorization_pb2,
    device_authorization_pb2,
    grant_admin_pb2,
    registration_pb2,
    revocation_pb2,
    session_pb2,
    token_pb2,
    user_admin_pb2,
)
from tokenhouse.v1 import audit_admin_pb2 as pb

from core.domain.clients.grant_types import DEVICE_CODE
from tests.rpc.road import BINDING, PASSWORD, Road, refused, register
from tests.serving import DEADLINE, Serving, public_client

NETWORK = "2001:db8:1:2::/64"
ADDRESS = "2001:db8:1:2:3:4:5:6"
FROM = (("tokenhouse-correlation-id", "0123456789ab"), ("tokenhouse-network-address", ADDRESS))
OPERATOR = (("tokenhouse-operator", "jane"),)
ANONYMOUS = {"actor_kind": pb.AUDIT_ACTOR_KIND_ANONYMOUS, "actor": "", "actor_name": ""}
BY_OPERATOR = {
    "actor_kind": pb.AUDIT_ACTOR_KIND_OPERATOR,
    "actor": f"uid:{os.geteuid()}",
    "actor_name": "jane",
    "network": "",
    "correlation_id": "",
}
FROM_THERE = {"network": NETWORK, "correlation_id": "0123456789ab"}


@dataclass
class Scene:
    """An act that is about to happen, and the record that it has to leave."""

    act: Callable[[], Any]
    record: dict[str, Any]


def records(serving: Serving, **wanted: Any) -> list[pb.AuditRecord]:
    """The records that match, newest first."""
    request = pb.ListAuditRecordsRequest(page_size=500, **wanted)
    return list(serving.audit.ListAuditRecords(request, timeout=DEADLINE).records)


def newest(serving: Serving) -> int:
    """The number of the newest record."""
    found = serving.audit.ListAuditRecords(pb.ListAuditRecordsRequest(page_size=1), timeout=DEADLINE).records
    return found[0].number if found else 0


def subject_of(road: Road) -> str:
    """The road's user."""
    request = user_admin_pb2.GetUserRequest(username=road.username)
    return str(road.serving.users.GetUser(request, timeout=DEADLINE).user.subject)


def by_user(road: Road) -> dict[str, Any]:
    """The user acts, from there."""
    subject = subject_of(road)
    kind = pb.AUDIT_ACTOR_KIND_USER
    return {"actor_kind": kind, "actor": subject, "actor_name": road.username, "subject": subject, **FROM_THERE}


def by_client(road: Road) -> dict[str, Any]:
    """The client acts for the user, from there."""
    kind, client_id = pb.AUDIT_ACTOR_KIND_CLIENT, road.client_id
    return {
        "actor_kind": kind,
        "actor": client_id,
        "client_id": client_id,
        "subject": subject_of(road),
        "target": grant_of(road),
        **FROM_THERE,
    }


def grant_of(road: Road) -> str:
    """The newest grant of the road's user."""
    request = grant_admin_pb2.ListGrantsRequest(username=road.username, include_ended=True)
    return str(road.serving.grants.ListGrants(request, timeout=DEADLINE).grants[0].grant_id)


def consent(road: Road, *, approved: bool = True) -> authorization_pb2.DecideConsentRequest:
    """The answer to the question of an authorization request."""
    return authorization_pb2.DecideConsentRequest(
        sealed_request=road.start(road.session_token).consent.sealed_request,
        session_token=road.session_token,
        browser_binding=BINDING,
        approved=approved,
    )


def ask(method: Callable[..., Any], request: Any) -> Callable[[], Any]:
    """A call of the facade's, for a request that came from there."""
    return lambda: method(request, timeout=DEADLINE, metadata=FROM)


def be_refused(method: Callable[..., Any], request: Any) -> Callable[[], Any]:
    """As `ask`, in vain."""
    return lambda: refused(method, request, metadata=FROM)


def logging_in(road: Road) -> Scene:
    """A right password."""
    request = road.login_request(network_address=ADDRESS)
    return Scene(ask(road.serving.sessions.LogIn, request), {"act": "LOGIN", **by_user(road)})


def typing_a_wrong_password(road: Road) -> Scene:
    """Whose account it is, is known."""
    request = road.login_request(password="guessed", network_address=ADDRESS)
    record = {"subject": subject_of(road), "reason": "login_failed", **ANONYMOUS, **FROM_THERE}
    return Scene(be_refused(road.serving.sessions.LogIn, request), {"act": "LOGIN", "result": "REFUSED", **record})


def typing_a_password_as_a_name(road: Road) -> Scene:
    """Nothing that was typed is kept."""
    request = road.login_request(username=PASSWORD, network_address=ADDRESS)
    record = {"subject": "", "reason": "login_failed", **ANONYMOUS, **FROM_THERE}
    return Scene(be_refused(road.serving.sessions.LogIn, request), {"act": "LOGIN", "result": "REFUSED", **record})


def logging_out(road: Road) -> Scene:
    """From one browser."""
    request = session_pb2.LogOutRequest(session_token=road.session_token, browser_binding=BINDING)
    return Scene(ask(road.serving.sessions.LogOut, request), {"act": "LOGOUT", **by_user(road)})


def saying_yes(road: Road) -> Scene:
    """To a client in the browser."""
    record = {"act": "CONSENT", "client_id": road.client_id, **by_user(road)}
    return Scene(ask(road.serving.authorization.DecideConsent, consent(road)), record)


def saying_no(road: Road) -> Scene:
    """It is a decision, too."""
    record = {"act": "CONSENT", "result": "DENIED", "client_id": road.client_id, **by_user(road)}
    return Scene(ask(road.serving.authorization.DecideConsent, consent(road, approved=False)), record)


def saying_yes_signed_out(road: Road) -> Scene:
    """Too late."""
    request = consent(road)
    logging_out(road).act()
    record = {"act": "CONSENT", "result": "REFUSED", "reason": "login_required", **ANONYMOUS, **FROM_THERE}
    return Scene(be_refused(road.serving.authorization.DecideConsent, request), record)


def saying_yes_to_a_device(road: Road) -> Scene:
    """RFC 8628."""
    client_id = register(road.serving, redirect_uris=[], grant_types=[DEVICE_CODE])
    started = road.serving.devices.StartDeviceAuthorization(
        device_authorization_pb2.StartDeviceAuthorizationRequest(client=public_client(client_id)), timeout=DEADLINE
    )
    entered = road.serving.devices.EnterUserCode(entering(road, started.user_code), timeout=DEADLINE)
    request = device_authorization_pb2.DecideDeviceAuthorizationRequest(
        sealed_page=entered.consent.sealed_page,
        session_token=road.session_token,
        browser_binding=BINDING,
        approved=True,
    )
    record = {"act": "DEVICE_CONSENT", "client_id": client_id, **by_user(road)}
    return Scene(ask(road.serving.devices.DecideDeviceAuthorization, request), record)


def entering(road: Road, code: str) -> device_authorization_pb2.EnterUserCodeRequest:
    """A code of a device, typed."""
    return device_authorization_pb2.EnterUserCodeRequest(
        user_code=code, session_token=road.session_token, browser_binding=BINDING, network_address=ADDRESS
    )


def typing_a_wrong_code(road: Road) -> Scene:
    """A guess of somebody who is signed in."""
    record = {"act": "DEVICE_CONSENT", "result": "REFUSED", "reason": "unknown_user_code", **by_user(road)}
    return Scene(be_refused(road.serving.devices.EnterUserCode, entering(road, "BBBB-BBBB-BB")), record)


def coming(request: token_pb2.IssueTokenRequest) -> token_pb2.IssueTokenRequest:
    """A token request from there: in a batch each says so itself."""
    request.network_address, request.correlation_id = ADDRESS, "0123456789ab"
    return request


def redeeming(road: Road) -> Scene:
    """A code."""
    request = coming(road.redeeming(road.code()))
    record = {"act": "TOKEN", "reason": "redeemed", **by_client(road)}
    return Scene(ask(road.serving.tokens.IssueToken, request), record)


def redeeming_in_a_batch(road: Road) -> Scene:
    """As the facade does it."""
    requests = [coming(road.redeeming(road.code()))]
    record = {"act": "TOKEN", "reason": "redeemed", **by_client(road)}
    batch = token_pb2.IssueTokensRequest(requests=requests)
    return Scene(lambda: road.serving.tokens.IssueTokens(batch, timeout=DEADLINE), record)


def redeeming_twice(road: Road) -> Scene:
    """The grant ends (RFC 9700 §4.5)."""
    code = road.code()
    road.serving.tokens.IssueToken(road.redeeming(code), timeout=DEADLINE)
    record = {"act": "TOKEN", "result": "REFUSED", "reason": "reused", **by_client(road)}
    return Scene(be_refused(road.serving.tokens.IssueToken, coming(road.redeeming(code))), record)


def redeeming_what_is_no_code(road: Road) -> Scene:
    """Nothing of ours."""
    record = {"act": "TOKEN", "result": "REFUSED", "reason": "forged", "client_id": road.client_id, **ANONYMOUS}
    request = coming(road.redeeming("thc_no-code-of-this-server"))
    return Scene(be_refused(road.serving.tokens.IssueToken, request), record | FROM_THERE)


def refreshing_with_a_spent_token(road: Road) -> Scene:
    """The grant ends (RFC 9700 §4.14.2)."""
    tokens = road.serving.tokens
    first = road.connect().refresh_token
    second = tokens.IssueToken(road.refreshing(first), timeout=DEADLINE).refresh_token
    tokens.IssueToken(road.refreshing(second), timeout=DEADLINE)
    record = {"act": "REFRESH", "result": "REFUSED", "reason": "reused", **by_client(road)}
    return Scene(be_refused(tokens.IssueToken, coming(road.refreshing(first))), record)


def refreshing_with_a_forged_token_in_a_batch(road: Road) -> Scene:
    """Nothing of ours."""
    forged = coming(road.refreshing(road.connect().refresh_token[:-1]))
    record = {"act": "REFRESH", "result": "REFUSED", "reason": "forged", "client_id": road.client_id, **ANONYMOUS}
    batch = token_pb2.IssueTokensRequest(requests=[forged])
    return Scene(lambda: road.serving.tokens.IssueTokens(batch, timeout=DEADLINE), record | FROM_THERE)


def signing_off(road: Road) -> Scene:
    """RFC 7009."""
    token = road.connect().refresh_token
    request = revocation_pb2.RevokeTokenRequest(token=token, client=public_client(road.client_id))
    return Scene(ask(road.serving.revocation.RevokeToken, request), {"act": "REVOCATION", **by_client(road)})


def signing_off_as_nobody(road: Road) -> Scene:
    """Not a client."""
    request = revocation_pb2.RevokeTokenRequest(token=road.connect().refresh_token, client=public_client("nobody"))
    record = {"act": "REVOCATION", "result": "REFUSED", "reason": "invalid_client", "client_id": "", **ANONYMOUS}
    return Scene(be_refused(road.serving.revocation.RevokeToken, request), record | FROM_THERE)


def disconnecting(road: Road) -> Scene:
    """At the user's own page."""
    road.connect()
    request = account_pb2.DisconnectAppRequest(client_id=road.client_id, session_token=road.session_token)
    record = {"act": "DISCONNECT", "client_id": road.client_id, **by_user(road)}
    return Scene(ask(road.serving.accounts.DisconnectApp, request), record)


def disconnecting_everything(road: Road) -> Scene:
    """At the user's own page."""
    request = account_pb2.DisconnectAllAppsRequest(session_token=road.session_token)
    record = {"act": "DISCONNECT", "client_id": "", **by_user(road)}
    return Scene(ask(road.serving.accounts.DisconnectAllApps, request), record)


def a_registration(**members: Any) -> registration_pb2.RegisterClientRequest:
    """A new client's registration, from there."""
    body = {"client_name": f"tool {secrets.token_hex(6)}", "redirect_uris": ["http://127.0.0.1/"], **members}
    return registration_pb2.RegisterClientRequest(
        client_metadata=json.dumps(body).encode(), network_address=ADDRESS, correlation_id="0123456789ab"
    )


def registering(road: Road) -> Scene:
    """A new client."""
    record = {"act": "REGISTRATION", **ANONYMOUS, **FROM_THERE}
    return Scene(ask(road.serving.registration.RegisterClient, a_registration()), record)


def registering_nonsense(road: Road) -> Scene:
    """In a batch."""
    request = a_registration(redirect_uris=["ftp://example.com/"])
    record = {"act": "REGISTRATION", "result": "REFUSED", "reason": "invalid_redirect_uri", **ANONYMOUS, **FROM_THERE}
    batch = registration_pb2.RegisterClientsRequest(requests=[request])
    return Scene(lambda: road.serving.registration.RegisterClients(batch, timeout=DEADLINE), record)


PEOPLE = [
    logging_in,
    typing_a_wrong_password,
    typing_a_password_as_a_name,
    logging_out,
    saying_yes,
    saying_no,
    saying_yes_signed_out,
    saying_yes_to_a_device,
    typing_a_wrong_code,
    redeeming,
    redeeming_in_a_batch,
    redeeming_twice,
    redeeming_what_is_no_code,
    refreshing_with_a_spent_token,
    refreshing_with_a_forged_token_in_a_batch,
    signing_off,
    signing_off_as_nobody,
    disconnecting,
    disconnecting_everything,
    registering,
    registering_nonsense,
]
