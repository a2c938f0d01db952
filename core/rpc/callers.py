"""Who may call what. Every method of every service stands here; what does not stand here is denied.

A caller is known by the listener it reached: `core.sock` and `admin.sock` are sockets only their owner can open, and
what comes in over TCP is a service. So a taken-over facade reaches no operator's call, and a service issues nothing;
what the console asks by way of the facade needs the session of an operator, at every call.
With TLS, services are told apart: each may use those of a service's methods whose service its entry in `[Grpc] Caller`
lists, and health.
"""

from enum import Enum, auto

from core.domain.policy import Service


class Caller(Enum):
    """The three kinds of callers, one listener each."""

    FACADE = auto()
    OPERATOR = auto()
    SERVICE = auto()


_EVERYBODY = frozenset(Caller)
_FACADE = frozenset({Caller.FACADE})
_OPERATOR = frozenset({Caller.OPERATOR})
_SERVICE = frozenset({Caller.SERVICE})

_LISTED = {service.value: service for service in Service}

MAY_CALL: dict[str, frozenset[Caller]] = {
    "/tokenhouse.v1.AuthorizationService/StartAuthorization": _FACADE,
    "/tokenhouse.v1.AuthorizationService/StartAuthorizationByDocument": _FACADE,
    "/tokenhouse.v1.AuthorizationService/DecideConsent": _FACADE,
    "/tokenhouse.v1.DeviceAuthorizationService/StartDeviceAuthorization": _FACADE,
    "/tokenhouse.v1.DeviceAuthorizationService/OpenDevicePage": _FACADE,
    "/tokenhouse.v1.DeviceAuthorizationService/EnterUserCode": _FACADE,
    "/tokenhouse.v1.DeviceAuthorizationService/DecideDeviceAuthorization": _FACADE,
    "/tokenhouse.v1.SessionService/LogIn": _FACADE,
    "/tokenhouse.v1.SessionService/ProveSecondFactor": _FACADE,
    "/tokenhouse.v1.SessionService/LogOut": _FACADE,
    "/tokenhouse.v1.SecondFactorService/GetSecondFactor": _FACADE,
    "/tokenhouse.v1.SecondFactorService/BeginSecondFactor": _FACADE,
    "/tokenhouse.v1.SecondFactorService/ConfirmSecondFactor": _FACADE,
    "/tokenhouse.v1.SecondFactorService/RenewRecoveryCodes": _FACADE,
    "/tokenhouse.v1.SecondFactorService/SwitchOffSecondFactor": _FACADE,
    "/tokenhouse.v1.PasskeyService/ListPasskeys": _FACADE,
    "/tokenhouse.v1.PasskeyService/BeginPasskey": _FACADE,
    "/tokenhouse.v1.PasskeyService/AddPasskey": _FACADE,
    "/tokenhouse.v1.PasskeyService/RenamePasskey": _FACADE,
    "/tokenhouse.v1.PasskeyService/RemovePasskey": _FACADE,
    "/tokenhouse.v1.PasskeyLoginService/OfferPasskeyLogin": _FACADE,
    "/tokenhouse.v1.PasskeyLoginService/LogInWithPasskey": _FACADE,
    "/tokenhouse.v1.PasskeyLoginService/OfferPasskeySecondFactor": _FACADE,
    "/tokenhouse.v1.PasskeyLoginService/ProvePasskey": _FACADE,
    "/tokenhouse.v1.ConsoleService/Look": _FACADE,
    "/tokenhouse.v1.ConsoleService/Act": _FACADE,
    "/tokenhouse.v1.AccountService/OpenAccountPage": _FACADE,
    "/tokenhouse.v1.AccountService/DisconnectApp": _FACADE,
    "/tokenhouse.v1.AccountService/DisconnectAllApps": _FACADE,
    "/tokenhouse.v1.AccountService/EndSession": _FACADE,
    "/tokenhouse.v1.AccountService/EndAllSessions": _FACADE,
    "/tokenhouse.v1.AccountService/ChangePassword": _FACADE,
    "/tokenhouse.v1.UpstreamService/StartUpstreamLogin": _FACADE,
    "/tokenhouse.v1.UpstreamService/FinishUpstreamLogin": _FACADE,
    "/tokenhouse.v1.UpstreamService/FinishUpstreamLogout": _FACADE,
    "/tokenhouse.v1.RegistrationService/RegisterClient": _FACADE,
    "/tokenhouse.v1.RegistrationService/RegisterClients": _FACADE,
    "/tokenhouse.v1.TokenService/IssueToken": _FACADE,
    "/tokenhouse.v1.TokenService/IssueTokens": _FACADE,
    "/tokenhouse.v1.RevocationService/RevokeToken": _FACADE,
    "/tokenhouse.v1.IntrospectionService/IntrospectToken": _FACADE,
    "/tokenhouse.v1.ClientKeysService/FetchClientKeys": _FACADE,
    "/tokenhouse.v1.DeviceAuthorizationService/FetchDeviceClient": _FACADE,
    "/tokenhouse.v1.DiscoveryService/GetServerMetadata": _FACADE,
    "/tokenhouse.v1.ValidationService/ValidateToken": _SERVICE,
    "/tokenhouse.v1.ValidationService/ValidateTokens": _SERVICE,
    "/tokenhouse.v1.ValidationService/StreamValidateTokens": _SERVICE,
    "/tokenhouse.v1.ChangesService/WatchChanges": _SERVICE,
    "/tokenhouse.v1.ChangesService/AcknowledgeKeys": _SERVICE,
    "/envoy.service.auth.v3.Authorization/Check": _SERVICE,
    "/tokenhouse.v1.UserAdminService/CreateUser": _OPERATOR,
    "/tokenhouse.v1.UserAdminService/ListUsers": _OPERATOR,
    "/tokenhouse.v1.UserAdminService/GetUser": _OPERATOR,
    "/tokenhouse.v1.UserAdminService/DisableUser": _OPERATOR,
    "/tokenhouse.v1.UserAdminService/EnableUser": _OPERATOR,
    "/tokenhouse.v1.UserAdminService/SignOutUser": _OPERATOR,
    "/tokenhouse.v1.UserAdminService/RevokeUserTokens": _OPERATOR,
    "/tokenhouse.v1.UserAdminService/SetPassword": _OPERATOR,
    "/tokenhouse.v1.UserAdminService/ResetSecondFactor": _OPERATOR,
    "/tokenhouse.v1.UserAdminService/RemovePasskeys": _OPERATOR,
    "/tokenhouse.v1.UserAdminService/SetGroups": _OPERATOR,
    "/tokenhouse.v1.UserAdminService/DeleteUser": _OPERATOR,
    "/tokenhouse.v1.UserAdminService/LinkIdentity": _OPERATOR,
    "/tokenhouse.v1.UserAdminService/UnlinkIdentity": _OPERATOR,
    "/tokenhouse.v1.ClientAdminService/ListClients": _OPERATOR,
    "/tokenhouse.v1.ClientAdminService/GetClient": _OPERATOR,
    "/tokenhouse.v1.ClientAdminService/CreateClient": _OPERATOR,
    "/tokenhouse.v1.ClientAdminService/AddClientSecret": _OPERATOR,
    "/tokenhouse.v1.ClientAdminService/RemoveClientSecret": _OPERATOR,
    "/tokenhouse.v1.ClientAdminService/RevokeClientTokens": _OPERATOR,
    "/tokenhouse.v1.ClientAdminService/DeleteClient": _OPERATOR,
    "/tokenhouse.v1.ClientAdminService/BlockClient": _OPERATOR,
    "/tokenhouse.v1.ClientAdminService/UnblockClient": _OPERATOR,
    "/tokenhouse.v1.RegistrationTokenAdminService/CreateRegistrationToken": _OPERATOR,
    "/tokenhouse.v1.RegistrationTokenAdminService/ListRegistrationTokens": _OPERATOR,
    "/tokenhouse.v1.RegistrationTokenAdminService/DeleteRegistrationToken": _OPERATOR,
    "/tokenhouse.v1.GrantAdminService/ListGrants": _OPERATOR,
    "/tokenhouse.v1.GrantAdminService/GetGrant": _OPERATOR,
    "/tokenhouse.v1.GrantAdminService/RevokeGrant": _OPERATOR,
    "/tokenhouse.v1.KeyAdminService/ListKeys": _OPERATOR,
    "/tokenhouse.v1.KeyAdminService/RotateSigningKey": _OPERATOR,
    "/tokenhouse.v1.KeyAdminService/WithdrawSigningKey": _OPERATOR,
    "/tokenhouse.v1.KeyAdminService/RotateMasterKey": _OPERATOR,
    "/tokenhouse.v1.OverviewAdminService/GetOverview": _OPERATOR,
    "/tokenhouse.v1.StatisticsAdminService/GetStatistics": _OPERATOR,
    "/tokenhouse.v1.ClockAdminService/GetClock": _OPERATOR,
    "/tokenhouse.v1.ClockAdminService/ConfirmClock": _OPERATOR,
    "/tokenhouse.v1.ConnectionAdminService/ListConnectionAttempts": _OPERATOR,
    "/tokenhouse.v1.BackupAdminService/CreateBackup": _OPERATOR,
    "/tokenhouse.v1.LimitAdminService/ListLimits": _OPERATOR,
    "/tokenhouse.v1.LimitAdminService/ClearLimits": _OPERATOR,
    "/tokenhouse.v1.AuditAdminService/ListAuditRecords": _OPERATOR,
    "/tokenhouse.v1.AuditAdminService/ListAuditCounts": _OPERATOR,
    "/grpc.health.v1.Health/Check": _EVERYBODY,
    "/grpc.health.v1.Health/List": _EVERYBODY,
    "/grpc.health.v1.Health/Watch": _EVERYBODY,
    # Only where the setting Grpc.Reflection switches it on.
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": _SERVICE,
}


def listed_as(method: str) -> Service | None:
    """Under which name `[Grpc] Caller` has to list the method's service; None for what every caller may use."""
    return _LISTED.get(method.split("/")[1].rpartition(".")[2])


def may_call(caller: Caller, method: str) -> bool:
    """Whether this caller may use the method, given by its full name `/package.Service/Method`."""
    return caller in MAY_CALL.get(method, frozenset())
