"""OpenID Connect as its client: Authlib's requests and checks over guarded HTTP. Loaded at the first login."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.base import OAuth2Error
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import OpenIDProviderMetadata, get_well_known_url
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from core.domain.errors import UpstreamLoginFailed
from core.domain.policy import UpstreamProvider
from core.domain.sayings import say
from core.domain.upstream.provider import AskedLogin
from core.outbound.guarded_http import CannotFetch
from core.outbound.provider_http import ProviderHttp

#: With public keys alone: a secret that both sides know signs nothing here, and `none` nothing anywhere.
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
#: Of clocks that differ, in seconds.
_LEEWAY = 60
_METHODS = ("client_secret_basic", "client_secret_post")


class KeyUnknown(Exception):
    """An ID token names a key that is not among those at hand."""


def fetch_metadata(http: ProviderHttp, issuer: str) -> dict[str, Any]:
    """OpenID Connect Discovery §4: the metadata, which have to be those of the very issuer (§4.3).

    Raises:
        CannotFetch: they cannot be had, or cannot be used.
        TooBusy
    """
    metadata = OpenIDProviderMetadata(http.get_json(get_well_known_url(issuer, external=True)))
    if metadata.get("issuer") != issuer:
        raise CannotFetch(say("provider_issuer"))
    try:
        for check in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            getattr(metadata, f"validate_{check}")()
    except ValueError as error:
        raise CannotFetch(say("provider_metadata"), error) from None
    return dict(metadata)


def fetch_keys(http: ProviderHttp, metadata: Mapping[str, Any]) -> KeySet:
    """The provider's keys.

    Raises:
        CannotFetch: they cannot be had, or none of them can be used.
        TooBusy
    """
    told = http.get_json(metadata["jwks_uri"]).get("keys")
    keys = [key for key in told if isinstance(key, dict) and _is_usable(key)] if isinstance(told, list) else []
    if not keys:
        raise CannotFetch(say("provider_no_key"))
    return KeySet.import_key_set({"keys": keys})


def authorization_url(metadata: Mapping[str, Any], provider: UpstreamProvider, asked: AskedLogin, *, state: str) -> str:
    """OpenID Connect Core §3.1.2.1, with PKCE."""
    client = OAuth2Client(
        None, provider.client_id, scope=provider.scope, redirect_uri=asked.redirect_uri, code_challenge_method="S256"
    )
    # Both: with max_age the ID token has to tell when that was (OpenID Connect Core §2, auth_time).
    anew = {} if asked.signs_in_since is None else {"prompt": "login", "max_age": "0"}
    url, _ = client.create_authorization_url(
        metadata["authorization_endpoint"],
        state=state,
        code_verifier=asked.code_verifier,
        nonce=asked.nonce,
        response_mode="query",
        **anew,
    )
    return str(url)


def fetch_token(
    http: ProviderHttp,
    metadata: Mapping[str, Any],
    provider: UpstreamProvider,
    secret: str,
    asked: AskedLogin,
    code: str,
) -> dict[str, Any]:
    """The code for tokens (§3.1.3).

    Raises:
        UpstreamLoginFailed: the provider refuses.
        CannotFetch, TooBusy
    """
    client = OAuth2Client(http, provider.client_id, secret, _choose_method(metadata) if secret else "none")
    client.register_client_auth_method(("client_secret_basic", _encode_basic))
    try:
        token = client.fetch_token(
            metadata["token_endpoint"],
            grant_type="authorization_code",
            code=code,
            redirect_uri=asked.redirect_uri,
            code_verifier=asked.code_verifier,
        )
    except OAuth2Error as refusal:
        raise UpstreamLoginFailed(
            say("login_refused", provider=provider.label, error=str(refusal.error)[:64])
        ) from None
    except ValueError:
        raise CannotFetch(say("provider_token_no_json")) from None
    return dict(token)


def verify_id_token(
    token: Mapping[str, Any],
    keys: KeySet,
    metadata: Mapping[str, Any],
    provider: UpstreamProvider,
    asked: AskedLogin,
    now: int,
) -> dict[str, Any]:
    """The claims of an ID token (§3.1.3.7): whose it is, for whom, for which login, when, and signed by whom.

    Raises:
        KeyUnknown: look for the provider's keys again.
        UpstreamLoginFailed: it is not good.
    """
    told = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
    algorithms = [name for name in _ALGORITHMS if name in told]
    try:
        decoded = jwt.decode(
            str(token.get("id_token")), key=keys, registry=JWSRegistry(algorithms=algorithms, strict_check_header=False)
        )
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {
                "iss": {"essential": True, "value": provider.issuer},
                "aud": {"essential": True, "value": provider.client_id},
            },
            {"nonce": asked.nonce, "client_id": provider.client_id, "access_token": token.get("access_token")},
        )
        claims.validate(now=now, leeway=_LEEWAY)
    except InvalidKeyIdError:
        raise KeyUnknown from None
    except (JoseError, ValueError, TypeError) as refusal:
        if claim := getattr(refusal, "claim", None):
            raise UpstreamLoginFailed(say("id_token_bad", provider=provider.label, claim=claim)) from None
        said = say("id_token_unsound", provider=provider.label)
        raise UpstreamLoginFailed(f"{said}: {type(refusal).__name__}").saying(said) from None
    if not isinstance(claims.get("sub"), str) or not 0 < len(claims["sub"]) <= 255:
        raise UpstreamLoginFailed(say("id_token_nobody", provider=provider.label))
    _require_signed_in_since(asked.signs_in_since, claims.get("auth_time"), provider, now)
    return dict(claims)


def _require_signed_in_since(since: int | None, auth_time: object, provider: UpstreamProvider, now: int) -> None:
    """§3.1.3.7 rule 13: a provider that took whoever was signed in there already has not asked anybody."""
    if since is None:
        return
    if not isinstance(auth_time, int | float) or isinstance(auth_time, bool):
        raise UpstreamLoginFailed(say("id_token_no_time", provider=provider.label))
    if not since - _LEEWAY <= auth_time <= now + _LEEWAY:
        raise UpstreamLoginFailed(say("id_token_old_login", provider=provider.label))


def fetch_user_info(
    http: ProviderHttp, metadata: Mapping[str, Any], token: Mapping[str, Any], sub: str
) -> dict[str, Any]:
    """What the UserInfo endpoint says of the same person (§5.3.2); nothing where there is none.

    Raises:
        UpstreamLoginFailed: it speaks of somebody else.
        CannotFetch, TooBusy
    """
    endpoint, access_token = metadata.get("userinfo_endpoint"), token.get("access_token")
    if not isinstance(endpoint, str) or not isinstance(access_token, str):
        return {}
    told = http.get_json(endpoint, f"Bearer {access_token}")
    if told.get("sub") != sub:
        raise UpstreamLoginFailed(say("user_info_of_another"))
    return told


def _choose_method(metadata: Mapping[str, Any]) -> str:
    # OpenID Connect Discovery §3: what is not told is client_secret_basic.
    told = metadata.get("token_endpoint_auth_methods_supported") or _METHODS[:1]
    return next((method for method in _METHODS if method in told), _METHODS[0])


def _encode_basic(
    client: ClientAuth, _method: str, uri: str, headers: dict[str, str], body: str
) -> tuple[str, dict[str, str], str]:
    # RFC 6749 §2.3.1 wants both parts form-encoded first.
    encoded = ClientAuth(quote_plus(client.client_id), quote_plus(client.client_secret), "client_secret_basic")
    prepared: tuple[str, dict[str, str], str] = encoded.prepare("POST", uri, headers, body)  # type: ignore[no-untyped-call]
    return prepared


def _is_usable(key: dict[str, Any]) -> bool:
    """One for signatures that this server can read: providers publish others beside them."""
    try:
        KeySet.import_key_set({"keys": [key]})
    except (JoseError, ValueError, TypeError, KeyError):
        return False
    return key.get("use", "sig") == "sig" and key.get("kty") != "oct"
