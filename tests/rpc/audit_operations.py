"""Acts of operators, each with the method, the request, and what its record says."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from tokenhouse.v1 import (
    backup_admin_pb2,
    client_admin_pb2,
    grant_admin_pb2,
    key_admin_pb2,
    limit_admin_pb2,
    registration_token_admin_pb2,
    user_admin_pb2,
)
from tokenhouse.v1.registration_token_admin_pb2_grpc import RegistrationTokenAdminServiceStub

from tests.rpc.audit_scenes import grant_of, subject_of
from tests.rpc.passkeys import Keyring
from tests.rpc.road import PASSWORD, Road
from tests.rpc.second_factor import Telephone
from tests.serving import DEADLINE, Serving

#: The method, the request, and what the record says besides.
Call: TypeAlias = tuple[Callable[..., Any], Any, dict[str, Any]]
_PORTAL = ["https://portal.example.com/callback"]


@dataclass
class Desk:
    """What an operator needs for an act: a user, a client and a grant of its own."""

    road: Road
    folder: Path

    @property
    def serving(self) -> Serving:
        """The core."""
        return self.road.serving

    @property
    def registration_tokens(self) -> RegistrationTokenAdminServiceStub:
        """No other test needs it."""
        return RegistrationTokenAdminServiceStub(self.serving.channels["operator"])

    def of_user(self, method: str, request: type[Any], **fields: Any) -> Call:
        """An act on the user."""
        about = {"subject": subject_of(self.road), "target": self.road.username}
        return getattr(self.serving.users, method), request(username=self.road.username, **fields), about

    def of_client(self, method: str, request: type[Any]) -> Call:
        """An act on the client."""
        client_id = self.road.client_id
        return getattr(self.serving.clients, method), request(client_id=client_id), {"client_id": client_id}

    def confidential(self) -> str:
        """A new client with a secret."""
        request = _client()
        return str(self.serving.clients.CreateClient(request, timeout=DEADLINE).client.client_id)


def _client(client_id: str = "") -> client_admin_pb2.CreateClientRequest:
    return client_admin_pb2.CreateClientRequest(
        client_id=client_id,
        client_name="a program",
        redirect_uris=_PORTAL,
        grant_types=["authorization_code", "refresh_token"],
        token_endpoint_auth_method="client_secret_basic",
    )


def _creating_a_user(desk: Desk) -> Call:
    name = f"new-{secrets.token_hex(4)}"
    request = user_admin_pb2.CreateUserRequest(username=name, password=PASSWORD, groups=["staff", "operators"])
    return desk.serving.users.CreateUser, request, {"target": name, "reason": "+operators, +staff"}


def _setting_groups(desk: Desk) -> Call:
    before = user_admin_pb2.SetGroupsRequest(username=desk.road.username, groups=["research", "staff"])
    desk.serving.users.SetGroups(before, timeout=DEADLINE)
    method, request, about = desk.of_user("SetGroups", user_admin_pb2.SetGroupsRequest, groups=["operators", "staff"])
    return method, request, {**about, "reason": "+operators, -research"}


def _creating_a_client(desk: Desk) -> Call:
    client_id = f"app-{secrets.token_hex(4)}"
    return desk.serving.clients.CreateClient, _client(client_id), {"client_id": client_id}


def _resetting_a_second_factor(desk: Desk) -> Call:
    Telephone(desk.road).switch_on()
    return desk.of_user("ResetSecondFactor", user_admin_pb2.ResetSecondFactorRequest)


def _removing_passkeys(desk: Desk) -> Call:
    Keyring(desk.road).add()
    return desk.of_user("RemovePasskeys", user_admin_pb2.RemovePasskeysRequest)


def _adding_a_secret(desk: Desk) -> Call:
    client_id = desk.confidential()
    request = client_admin_pb2.AddClientSecretRequest(client_id=client_id)
    return desk.serving.clients.AddClientSecret, request, {"client_id": client_id}


def _removing_a_secret(desk: Desk) -> Call:
    client_id = desk.confidential()
    added = client_admin_pb2.AddClientSecretRequest(client_id=client_id)
    secret_id = desk.serving.clients.AddClientSecret(added, timeout=DEADLINE).secret_id
    request = client_admin_pb2.RemoveClientSecretRequest(client_id=client_id, secret_id=secret_id)
    return desk.serving.clients.RemoveClientSecret, request, {"client_id": client_id, "target": secret_id}


def _making_a_registration_token(desk: Desk) -> Call:
    request = registration_token_admin_pb2.CreateRegistrationTokenRequest()
    return desk.registration_tokens.CreateRegistrationToken, request, {}


def _removing_a_registration_token(desk: Desk) -> Call:
    made = registration_token_admin_pb2.CreateRegistrationTokenRequest()
    answer = desk.registration_tokens.CreateRegistrationToken(made, timeout=DEADLINE)
    token_id = answer.registration_token.token_id
    request = registration_token_admin_pb2.DeleteRegistrationTokenRequest(token_id=token_id)
    return desk.registration_tokens.DeleteRegistrationToken, request, {"target": token_id}


def _revoking_a_grant(desk: Desk) -> Call:
    desk.road.connect()
    grant_id = grant_of(desk.road)
    about = {"target": grant_id, "subject": subject_of(desk.road), "client_id": desk.road.client_id}
    return desk.serving.grants.RevokeGrant, grant_admin_pb2.RevokeGrantRequest(grant_id=grant_id), about


def _withdrawing_a_key(desk: Desk) -> Call:
    keys = desk.serving.keys.ListKeys(key_admin_pb2.ListKeysRequest(), timeout=DEADLINE).keys
    key_id = next(key.key_id for key in keys if key.state == "signing")
    request = key_admin_pb2.WithdrawSigningKeyRequest(key_id=key_id)
    return desk.serving.keys.WithdrawSigningKey, request, {"target": key_id}


def _backing_up(desk: Desk) -> Call:
    path = f"{desk.folder}/a.backup"
    return desk.serving.backups.CreateBackup, backup_admin_pb2.CreateBackupRequest(path=path), {"target": path}


def _clearing(desk: Desk) -> Call:
    about = {"subject": subject_of(desk.road), "target": ""}
    return desk.serving.limits.ClearLimits, limit_admin_pb2.ClearLimitsRequest(username=desk.road.username), about


def _rotating(**fields: Any) -> Callable[[Desk], Call]:
    request = key_admin_pb2.RotateSigningKeyRequest(**fields)
    return lambda desk: (desk.serving.keys.RotateSigningKey, request, {})


def _identity() -> dict[str, str]:
    return {"provider": "company", "sub": secrets.token_hex(4)}


def _unlinking(desk: Desk) -> Call:
    identity = _identity()
    link = user_admin_pb2.LinkIdentityRequest(username=desk.road.username, **identity)
    desk.serving.users.LinkIdentity(link, timeout=DEADLINE)
    request = user_admin_pb2.UnlinkIdentityRequest
    return desk.of_user("UnlinkIdentity", request, issuer=identity["provider"], sub=identity["sub"])


_u, _c = user_admin_pb2, client_admin_pb2
OPERATIONS: dict[str, Callable[[Desk], Call]] = {
    "USER_CREATE": _creating_a_user,
    "USER_DISABLE": lambda desk: desk.of_user("DisableUser", _u.DisableUserRequest),
    "USER_ENABLE": lambda desk: desk.of_user("EnableUser", _u.EnableUserRequest),
    "USER_SIGN_OUT": lambda desk: desk.of_user("SignOutUser", _u.SignOutUserRequest),
    "USER_REVOKE": lambda desk: desk.of_user("RevokeUserTokens", _u.RevokeUserTokensRequest),
    "PASSWORD_SET": lambda desk: desk.of_user("SetPassword", _u.SetPasswordRequest, password=PASSWORD),
    "SECOND_FACTOR_RESET": _resetting_a_second_factor,
    "USER_PASSKEYS_REMOVE": _removing_passkeys,
    "GROUPS_SET": _setting_groups,
    "IDENTITY_LINK": lambda desk: desk.of_user("LinkIdentity", _u.LinkIdentityRequest, **_identity()),
    "IDENTITY_UNLINK": _unlinking,
    "USER_DELETE": lambda desk: desk.of_user("DeleteUser", _u.DeleteUserRequest),
    "CLIENT_CREATE": _creating_a_client,
    "CLIENT_BLOCK": lambda desk: desk.of_client("BlockClient", _c.BlockClientRequest),
    "CLIENT_UNBLOCK": lambda desk: desk.of_client("UnblockClient", _c.UnblockClientRequest),
    "CLIENT_REVOKE": lambda desk: desk.of_client("RevokeClientTokens", _c.RevokeClientTokensRequest),
    "CLIENT_DELETE": lambda desk: desk.of_client("DeleteClient", _c.DeleteClientRequest),
    "CLIENT_SECRET_ADD": _adding_a_secret,
    "CLIENT_SECRET_REMOVE": _removing_a_secret,
    "REGISTRATION_TOKEN_CREATE": _making_a_registration_token,
    "REGISTRATION_TOKEN_DELETE": _removing_a_registration_token,
    "GRANT_REVOKE": _revoking_a_grant,
    "SIGNING_KEY_PUBLISH": _rotating(),
    "SIGNING_KEY_SIGN": _rotating(now=True),
    "SIGNING_KEY_WITHDRAW": _withdrawing_a_key,
    "MASTER_KEY_ROTATE": lambda desk: (
        desk.serving.keys.RotateMasterKey,
        key_admin_pb2.RotateMasterKeyRequest(),
        {"target": "2"},
    ),
    "BACKUP_CREATE": _backing_up,
    "LIMIT_CLEAR": _clearing,
}

#: What is refused: whose stub, the method, the request.
IN_VAIN: dict[str, tuple[str, str, Any]] = {
    "USER_CREATE": ("users", "CreateUser", user_admin_pb2.CreateUserRequest(username="x\n")),
    "USER_DISABLE": ("users", "DisableUser", user_admin_pb2.DisableUserRequest(username="nobody")),
    "USER_ENABLE": ("users", "EnableUser", user_admin_pb2.EnableUserRequest(username="nobody")),
    "USER_DELETE": ("users", "DeleteUser", user_admin_pb2.DeleteUserRequest(username="nobody")),
    "USER_SIGN_OUT": ("users", "SignOutUser", user_admin_pb2.SignOutUserRequest(username="nobody")),
    "USER_REVOKE": ("users", "RevokeUserTokens", user_admin_pb2.RevokeUserTokensRequest(username="nobody")),
    "PASSWORD_SET": ("users", "SetPassword", user_admin_pb2.SetPasswordRequest(username="nobody", password=PASSWORD)),
    "SECOND_FACTOR_RESET": (
        "users",
        "ResetSecondFactor",
        user_admin_pb2.ResetSecondFactorRequest(username="nobody"),
    ),
    "USER_PASSKEYS_REMOVE": ("users", "RemovePasskeys", user_admin_pb2.RemovePasskeysRequest(username="nobody")),
    "GROUPS_SET": ("users", "SetGroups", user_admin_pb2.SetGroupsRequest(username="nobody")),
    "IDENTITY_LINK": ("users", "LinkIdentity", user_admin_pb2.LinkIdentityRequest(username="nobody")),
    "IDENTITY_UNLINK": ("users", "UnlinkIdentity", user_admin_pb2.UnlinkIdentityRequest(username="nobody")),
    "CLIENT_CREATE": ("clients", "CreateClient", client_admin_pb2.CreateClientRequest(client_id="bad id")),
    "CLIENT_DELETE": ("clients", "DeleteClient", client_admin_pb2.DeleteClientRequest(client_id="nobody")),
    "CLIENT_BLOCK": ("clients", "BlockClient", client_admin_pb2.BlockClientRequest(client_id="nobody")),
    "CLIENT_UNBLOCK": ("clients", "UnblockClient", client_admin_pb2.UnblockClientRequest(client_id="nobody")),
    "CLIENT_REVOKE": ("clients", "RevokeClientTokens", client_admin_pb2.RevokeClientTokensRequest(client_id="nobody")),
    "CLIENT_SECRET_ADD": ("clients", "AddClientSecret", client_admin_pb2.AddClientSecretRequest(client_id="nobody")),
    "GRANT_REVOKE": ("grants", "RevokeGrant", grant_admin_pb2.RevokeGrantRequest(grant_id="0" * 32)),
    "SIGNING_KEY_WITHDRAW": ("keys", "WithdrawSigningKey", key_admin_pb2.WithdrawSigningKeyRequest(key_id="no key")),
    "LIMIT_CLEAR": ("limits", "ClearLimits", limit_admin_pb2.ClearLimitsRequest(limit_id="00" * 16)),
    "BACKUP_CREATE": ("backups", "CreateBackup", backup_admin_pb2.CreateBackupRequest(path="here")),
}
