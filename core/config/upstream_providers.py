"""The settings of other OpenID providers, put together: one value for each provider, and what contradicts itself."""

from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from core.config import upstream_settings as settings
from core.config.refusal import Everything, find_repeated, refusal
from core.config.setting import Found, Setting
from core.config.upstream_values import OfProvider
from core.domain.policy import UpstreamPolicy, UpstreamProvider

T = TypeVar("T")

_SCOPE = "openid profile email"
_USERNAME_CLAIMS = ("preferred_username", "email")


def check_upstream(found: Everything) -> None:
    """Every line belongs to a provider, and every provider has what it needs.

    Raises:
        ConfigError: one does not; names the line.
    """
    names = [entry.name for entry in found[settings.ISSUER.name].values]
    for setting in settings.OF_PROVIDERS:
        _check_names(found, setting, names)
    issuers = [entry.value for entry in found[settings.ISSUER.name].values]
    if (number := find_repeated(issuers)) is not None:
        raise refusal(found, settings.ISSUER, "allowed is one provider for each issuer", number)
    clients = _names(found, settings.CLIENT_ID)
    for line, name in enumerate(names):
        if name not in clients:
            raise refusal(found, settings.ISSUER, f"allowed is a provider with its ClientId; {name} has none", line)
    _check_pairs(found)
    if not names and not found[settings.LOCAL_USERS.name].values[0]:
        raise refusal(found, settings.LOCAL_USERS, "allowed is false together with an UpstreamProvider")


def build_upstream(found: Mapping[str, Found[Any]]) -> UpstreamPolicy:
    """How users sign in, of settings that have been checked."""
    local_users: bool = found[settings.LOCAL_USERS.name].values[0]
    return UpstreamPolicy(local_users, tuple(_build(found, entry) for entry in found[settings.ISSUER.name].values))


def _build(found: Mapping[str, Found[Any]], issuer: OfProvider[str]) -> UpstreamProvider:
    def every(setting: Setting[OfProvider[T]]) -> tuple[T, ...]:
        return tuple(entry.value for entry in found[setting.name].values if entry.name == issuer.name)

    def one(setting: Setting[OfProvider[T]]) -> T | None:
        return next(iter(every(setting)), None)

    username_claim, creates_users = one(settings.USERNAME_CLAIM), one(settings.CREATE_USERS)
    return UpstreamProvider(
        name=issuer.name,
        label=one(settings.LABEL) or urlsplit(issuer.value).netloc,
        issuer=issuer.value,
        client_id=one(settings.CLIENT_ID) or "",
        client_secret=one(settings.CLIENT_SECRET),
        client_secret_file=one(settings.CLIENT_SECRET_FILE),
        scope=one(settings.SCOPE) or _SCOPE,
        username_claims=_USERNAME_CLAIMS if username_claim is None else (username_claim,),
        group_claim=one(settings.GROUP_CLAIM),
        groups=every(settings.GROUP),
        allowed_domains=every(settings.ALLOWED_DOMAIN),
        creates_users=creates_users is not False,
    )


def _check_names(found: Everything, setting: Setting[Any], names: list[str]) -> None:
    told = [entry.name for entry in found[setting.name].values]
    for line, name in enumerate(told):
        if name not in names:
            allowed = ", ".join(names) or "none, since there is no Issuer"
            raise refusal(found, setting, f"allowed are the names of [UpstreamProvider] Issuer: {allowed}", line)
    if setting in settings.SINGLE and (number := find_repeated(told)) is not None:
        raise refusal(found, setting, "allowed is one line for each provider", number)


def _check_pairs(found: Everything) -> None:
    with_file, with_claim = _names(found, settings.CLIENT_SECRET_FILE), _names(found, settings.GROUP_CLAIM)
    with_group = _names(found, settings.GROUP)
    for line, entry in enumerate(found[settings.CLIENT_SECRET.name].values):
        if entry.name in with_file:
            raise refusal(found, settings.CLIENT_SECRET, "allowed is either this or ClientSecretFile", line)
    for line, entry in enumerate(found[settings.GROUP.name].values):
        if entry.name not in with_claim:
            raise refusal(found, settings.GROUP, "allowed is this together with GroupClaim", line)
    for line, entry in enumerate(found[settings.GROUP_CLAIM.name].values):
        if entry.name not in with_group:
            raise refusal(found, settings.GROUP_CLAIM, "allowed is this together with at least one Group", line)


def _names(found: Everything, setting: Setting[Any]) -> frozenset[str]:
    return frozenset(entry.name for entry in found[setting.name].values)
