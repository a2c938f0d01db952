"""What holds for a client beyond what holds for every one: how it proves who it is, and what operators let it do."""

from dataclasses import dataclass

#: RFC 7591 §2 "token_endpoint_auth_method".
NONE = "none"
CLIENT_SECRET_BASIC = "client_secret_basic"
CLIENT_SECRET_POST = "client_secret_post"
SECRET_METHODS = (CLIENT_SECRET_BASIC, CLIENT_SECRET_POST)
#: RFC 7523 §2.2.
PRIVATE_KEY_JWT = "private_key_jwt"
AUTHENTICATION_METHODS = (NONE, *SECRET_METHODS, PRIVATE_KEY_JWT)


@dataclass(frozen=True, slots=True)
class Terms:
    """A client's terms. The default ones are those of whoever registers by itself."""

    #: RFC 7591 "token_endpoint_auth_method": the one way in which it says who it is.
    authentication_method: str = NONE
    #: An operator has registered it: its redirect URIs need no other permission.
    preregistered: bool = False
    #: The scopes it may have; empty: any.
    scope: tuple[str, ...] = ()
    #: The resources that it is itself, in its spelling (RFC 8707): about tokens for these it may ask (RFC 7662).
    resources: tuple[str, ...] = ()
    #: RFC 7591 "jwks": its public keys, a JWK Set as JSON text; empty where it has none.
    jwks: str = ""
    #: RFC 7591 "jwks_uri": where its public keys stand instead; empty where they do not.
    jwks_uri: str = ""

    @property
    def confidential(self) -> bool:
        """It has to prove who it is (RFC 6749 §2.1)."""
        return self.authentication_method != NONE

    @property
    def has_keys(self) -> bool:
        """It can sign assertions; a public client may, where its document offers both."""
        return bool(self.jwks or self.jwks_uri)


#: Of a client that registered by itself.
PUBLIC = Terms()
