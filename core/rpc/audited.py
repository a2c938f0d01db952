"""Which methods decide something, and what the audit trail calls it. Every method of every caller stands here, or among
those that decide nothing.

A decision is recorded where it is made; what is refused is gathered here, once for all methods. Those with a batch
form gather the refusals of each item by themselves.
"""

from collections.abc import Callable
from typing import Any

import grpc

from core.domain.audit.act import Act
from core.domain.audit.refusals import Refusals

#: Method → what it decides, and the field of the request that names what it is about: only where an operator wrote it.
DECIDES: dict[str, tuple[Act, str]] = {
    "/tokenhouse.v1.AuthorizationService/DecideConsent": (Act.CONSENT, ""),
    "/tokenhouse.v1.DeviceAuthorizationService/EnterUserCode": (Act.DEVICE_CONSENT, ""),
    "/tokenhouse.v1.DeviceAuthorizationService/DecideDeviceAuthorization": (Act.DEVICE_CONSENT, ""),
    "/tokenhouse.v1.SessionService/LogIn": (Act.LOGIN, ""),
    "/tokenhouse.v1.SessionService/ProveSecondFactor": (Act.LOGIN, ""),
    "/tokenhouse.v1.SecondFactorService/ConfirmSecondFactor": (Act.SECOND_FACTOR_ON, ""),
    "/tokenhouse.v1.SecondFactorService/RenewRecoveryCodes": (Act.RECOVERY_CODES_RENEW, ""),
    "/tokenhouse.v1.SecondFactorService/SwitchOffSecondFactor": (Act.SECOND_FACTOR_OFF, ""),
    "/tokenhouse.v1.PasskeyService/BeginPasskey": (Act.PASSKEY_ADD, ""),
    "/tokenhouse.v1.PasskeyService/AddPasskey": (Act.PASSKEY_ADD, ""),
    "/tokenhouse.v1.PasskeyService/RenamePasskey": (Act.PASSKEY_RENAME, ""),
    "/tokenhouse.v1.PasskeyService/RemovePasskey": (Act.PASSKEY_REMOVE, ""),
    "/tokenhouse.v1.PasskeyLoginService/LogInWithPasskey": (Act.LOGIN, ""),
    "/tokenhouse.v1.PasskeyLoginService/ProvePasskey": (Act.LOGIN, ""),
    "/tokenhouse.v1.SessionService/LogOut": (Act.LOGOUT, ""),
    "/tokenhouse.v1.UpstreamService/FinishUpstreamLogin": (Act.LOGIN, ""),
    "/tokenhouse.v1.RegistrationService/RegisterClient": (Act.REGISTRATION, ""),
    "/tokenhouse.v1.AccountService/DisconnectApp": (Act.DISCONNECT, ""),
    "/tokenhouse.v1.AccountService/DisconnectAllApps": (Act.DISCONNECT, ""),
    "/tokenhouse.v1.AccountService/EndSession": (Act.LOGOUT, ""),
    "/tokenhouse.v1.AccountService/EndAllSessions": (Act.USER_SIGN_OUT, ""),
    "/tokenhouse.v1.AccountService/ChangePassword": (Act.PASSWORD_SET, ""),
    "/tokenhouse.v1.RevocationService/RevokeToken": (Act.REVOCATION, ""),
    "/tokenhouse.v1.UserAdminService/CreateUser": (Act.USER_CREATE, "username"),
    "/tokenhouse.v1.UserAdminService/DisableUser": (Act.USER_DISABLE, "username"),
    "/tokenhouse.v1.UserAdminService/EnableUser": (Act.USER_ENABLE, "username"),
    "/tokenhouse.v1.UserAdminService/SignOutUser": (Act.USER_SIGN_OUT, "username"),
    "/tokenhouse.v1.UserAdminService/RevokeUserTokens": (Act.USER_REVOKE, "username"),
    "/tokenhouse.v1.UserAdminService/SetPassword": (Act.PASSWORD_SET, "username"),
    "/tokenhouse.v1.UserAdminService/ResetSecondFactor": (Act.SECOND_FACTOR_RESET, "username"),
    "/tokenhouse.v1.UserAdminService/RemovePasskeys": (Act.USER_PASSKEYS_REMOVE, "username"),
    "/tokenhouse.v1.UserAdminService/SetGroups": (Act.GROUPS_SET, "username"),
    "/tokenhouse.v1.UserAdminService/DeleteUser": (Act.USER_DELETE, "username"),
    "/tokenhouse.v1.UserAdminService/LinkIdentity": (Act.IDENTITY_LINK, "username"),
    "/tokenhouse.v1.UserAdminService/UnlinkIdentity": (Act.IDENTITY_UNLINK, "username"),
    "/tokenhouse.v1.ClientAdminService/CreateClient": (Act.CLIENT_CREATE, "client_id"),
    "/tokenhouse.v1.ClientAdminService/AddClientSecret": (Act.CLIENT_SECRET_ADD, "client_id"),
    "/tokenhouse.v1.ClientAdminService/RemoveClientSecret": (Act.CLIENT_SECRET_REMOVE, "client_id"),
    "/tokenhouse.v1.ClientAdminService/RevokeClientTokens": (Act.CLIENT_REVOKE, "client_id"),
    "/tokenhouse.v1.ClientAdminService/DeleteClient": (Act.CLIENT_DELETE, "client_id"),
    "/tokenhouse.v1.ClientAdminService/BlockClient": (Act.CLIENT_BLOCK, "client_id"),
    "/tokenhouse.v1.ClientAdminService/UnblockClient": (Act.CLIENT_UNBLOCK, "client_id"),
    "/tokenhouse.v1.RegistrationTokenAdminService/CreateRegistrationToken": (Act.REGISTRATION_TOKEN_CREATE, ""),
    "/tokenhouse.v1.RegistrationTokenAdminService/DeleteRegistrationToken": (
        Act.REGISTRATION_TOKEN_DELETE,
        "token_id",
    ),
    "/tokenhouse.v1.GrantAdminService/RevokeGrant": (Act.GRANT_REVOKE, "grant_id"),
    "/tokenhouse.v1.KeyAdminService/RotateSigningKey": (Act.SIGNING_KEY_SIGN, ""),
    "/tokenhouse.v1.KeyAdminService/WithdrawSigningKey": (Act.SIGNING_KEY_WITHDRAW, "key_id"),
    "/tokenhouse.v1.KeyAdminService/RotateMasterKey": (Act.MASTER_KEY_ROTATE, ""),
    "/tokenhouse.v1.ClockAdminService/ConfirmClock": (Act.CLOCK_CONFIRM, "today"),
    "/tokenhouse.v1.LimitAdminService/ClearLimits": (Act.LIMIT_CLEAR, "limit_id"),
    "/tokenhouse.v1.BackupAdminService/CreateBackup": (Act.BACKUP_CREATE, "path"),
}
#: Gathered by their servicers, item by item, or as what the console asks for.
BY_THEMSELVES = frozenset(
    {
        "/tokenhouse.v1.RegistrationService/RegisterClients",
        "/tokenhouse.v1.ConsoleService/Act",
        "/tokenhouse.v1.TokenService/IssueToken",
        "/tokenhouse.v1.TokenService/IssueTokens",
    }
)
#: What only tells something, or asks the user.
DECIDES_NOTHING = frozenset(
    {
        "/tokenhouse.v1.AuthorizationService/StartAuthorization",
        "/tokenhouse.v1.AuthorizationService/StartAuthorizationByDocument",
        "/tokenhouse.v1.UpstreamService/StartUpstreamLogin",
        "/tokenhouse.v1.UpstreamService/FinishUpstreamLogout",
        "/tokenhouse.v1.AccountService/OpenAccountPage",
        "/tokenhouse.v1.PasskeyService/ListPasskeys",
        "/tokenhouse.v1.PasskeyLoginService/OfferPasskeyLogin",
        "/tokenhouse.v1.PasskeyLoginService/OfferPasskeySecondFactor",
        "/tokenhouse.v1.SecondFactorService/GetSecondFactor",
        "/tokenhouse.v1.SecondFactorService/BeginSecondFactor",
        "/tokenhouse.v1.DeviceAuthorizationService/StartDeviceAuthorization",
        "/tokenhouse.v1.DeviceAuthorizationService/FetchDeviceClient",
        "/tokenhouse.v1.DeviceAuthorizationService/OpenDevicePage",
        "/tokenhouse.v1.IntrospectionService/IntrospectToken",
        "/tokenhouse.v1.ClientKeysService/FetchClientKeys",
        "/tokenhouse.v1.DiscoveryService/GetServerMetadata",
        "/tokenhouse.v1.UserAdminService/ListUsers",
        "/tokenhouse.v1.UserAdminService/GetUser",
        "/tokenhouse.v1.ClientAdminService/ListClients",
        "/tokenhouse.v1.ClientAdminService/GetClient",
        "/tokenhouse.v1.RegistrationTokenAdminService/ListRegistrationTokens",
        "/tokenhouse.v1.GrantAdminService/ListGrants",
        "/tokenhouse.v1.GrantAdminService/GetGrant",
        "/tokenhouse.v1.KeyAdminService/ListKeys",
        "/tokenhouse.v1.ClockAdminService/GetClock",
        "/tokenhouse.v1.ConnectionAdminService/ListConnectionAttempts",
        "/tokenhouse.v1.ConsoleService/Look",
        "/tokenhouse.v1.OverviewAdminService/GetOverview",
        "/tokenhouse.v1.StatisticsAdminService/GetStatistics",
        "/tokenhouse.v1.LimitAdminService/ListLimits",
        "/tokenhouse.v1.AuditAdminService/ListAuditRecords",
        "/tokenhouse.v1.AuditAdminService/ListAuditCounts",
    }
)


def audited(
    method: str, behaviour: Callable[[Any, grpc.ServicerContext], Any], refusals: Refusals | None
) -> Callable[[Any, grpc.ServicerContext], Any]:
    """The method; what it refuses is gathered where it would have decided something."""
    if refusals is None or method not in DECIDES:
        return behaviour
    act, about = DECIDES[method]

    def audited_behaviour(request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return behaviour(request, context)
        except Exception as error:
            refusals.add(
                act,
                error,
                target=getattr(request, about) if about else "",
                network_address=getattr(request, "network_address", ""),
                # Who signs in is nobody yet, whoever the browser belonged to before.
                session_token="" if act is Act.LOGIN else getattr(request, "session_token", ""),
            )
            raise

    return audited_behaviour
