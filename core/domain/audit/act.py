"""The words of the audit trail."""

from enum import StrEnum


class Act(StrEnum):
    """What somebody did, or wanted to do; `target` is what it says here."""

    #: One that a newer program has written down.
    UNKNOWN = "unknown"
    #: The passkey, where it was one; the reason says how the user has signed in.
    LOGIN = "login"
    LOGOUT = "logout"
    #: The grant, for each of these.
    CONSENT = "consent"
    DEVICE_CONSENT = "device_consent"
    TOKEN = "token"
    REFRESH = "refresh"
    REVOCATION = "revocation"
    REGISTRATION = "registration"
    #: Nothing; without a client it was all of them.
    DISCONNECT = "disconnect"
    #: The user name, for each of these; where groups are set, the reason says which come and which go.
    USER_CREATE = "user_create"
    USER_DISABLE = "user_disable"
    USER_ENABLE = "user_enable"
    USER_DELETE = "user_delete"
    USER_SIGN_OUT = "user_sign_out"
    USER_REVOKE = "user_revoke"
    PASSWORD_SET = "password_set"
    SECOND_FACTOR_ON = "second_factor_on"
    SECOND_FACTOR_OFF = "second_factor_off"
    RECOVERY_CODES_RENEW = "recovery_codes_renew"
    SECOND_FACTOR_RESET = "second_factor_reset"
    #: The passkey, for each of these.
    PASSKEY_ADD = "passkey_add"
    PASSKEY_RENAME = "passkey_rename"
    PASSKEY_REMOVE = "passkey_remove"
    #: The user name, for each of these; where groups are set, the reason says which come and which go.
    USER_PASSKEYS_REMOVE = "user_passkeys_remove"
    GROUPS_SET = "groups_set"
    IDENTITY_LINK = "identity_link"
    IDENTITY_UNLINK = "identity_unlink"
    CLIENT_CREATE = "client_create"
    CLIENT_DELETE = "client_delete"
    CLIENT_BLOCK = "client_block"
    CLIENT_UNBLOCK = "client_unblock"
    CLIENT_REVOKE = "client_revoke"
    #: The secret's id.
    CLIENT_SECRET_ADD = "client_secret_add"
    CLIENT_SECRET_REMOVE = "client_secret_remove"
    #: The initial access token's id.
    REGISTRATION_TOKEN_CREATE = "registration_token_create"
    REGISTRATION_TOKEN_DELETE = "registration_token_delete"
    #: The grant.
    GRANT_REVOKE = "grant_revoke"
    #: The key.
    SIGNING_KEY_PUBLISH = "signing_key_publish"
    SIGNING_KEY_SIGN = "signing_key_sign"
    SIGNING_KEY_WITHDRAW = "signing_key_withdraw"
    #: Its number.
    MASTER_KEY_ROTATE = "master_key_rotate"
    #: The date.
    CLOCK_CONFIRM = "clock_confirm"
    #: The path.
    BACKUP_CREATE = "backup_create"
    #: The time of the backup, what became of the grants, and the path.
    RESTORE = "restore"
    #: The names of the settings that changed.
    CONFIG_RELOAD = "config_reload"
    #: Whose tries.
    LIMIT_CLEAR = "limit_clear"
    #: Counted alone.
    VALIDATION = "validation"


class Result(StrEnum):
    """What came of it."""

    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"
    #: The server refused it.
    REFUSED = "refused"
    #: The user said no.
    DENIED = "denied"


class ActorKind(StrEnum):
    """Who acts."""

    UNKNOWN = "unknown"
    #: Nobody who has proven who it is.
    ANONYMOUS = "anonymous"
    USER = "user"
    CLIENT = "client"
    OPERATOR = "operator"
    #: The server itself, by schedule or by a signal.
    SERVER = "server"
