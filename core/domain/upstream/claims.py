"""What a provider says of a person, read by the operator's settings. A claim is what its type says, or it is absent."""

from collections.abc import Iterator

from core.domain.errors import InvalidArgument, UpstreamUserRefused
from core.domain.policy import UpstreamProvider
from core.domain.sayings import say
from core.domain.upstream.provider import Identity
from core.domain.users.groups import is_usable_group, parse_groups
from core.domain.users.user import parse_username

_ANY = "*"


def require_allowed_domain(identity: Identity, provider: UpstreamProvider) -> None:
    """Pass whoever the operator lets in.

    Raises:
        UpstreamUserRefused: the e-mail address is of another domain, or the provider does not vouch for it.
    """
    if not provider.allowed_domains:
        return
    email, verified = identity.claims.get("email"), identity.claims.get("email_verified")
    domain = email.rpartition("@")[2].lower() if isinstance(email, str) and "@" in email else ""
    # OpenID Connect Core §5.1: an address that nobody has verified is what somebody has typed.
    if verified is not True or domain not in provider.allowed_domains:
        allowed = ", ".join(provider.allowed_domains)
        raise UpstreamUserRefused(say("user_domain", domains=allowed, provider=provider.label))


def propose_username(identity: Identity, provider: UpstreamProvider) -> str:
    """The name of a new user; the `sub` where no claim has one that can be used.

    Raises:
        UpstreamUserRefused: there is no name at all.
    """
    for name in _texts(identity, (*provider.username_claims, "sub")):
        try:
            return parse_username(name)
        except InvalidArgument:
            continue
    raise UpstreamUserRefused(say("user_no_name", provider=provider.label))


def find_groups(identity: Identity, provider: UpstreamProvider) -> tuple[str, ...] | None:
    """The user's groups here; None where they are the operator's alone.

    Raises:
        UpstreamUserRefused: too many to be kept. To keep some would be to choose among somebody's permissions.
    """
    if provider.group_claim is None:
        return None
    told = identity.claims.get(provider.group_claim)
    names = [told] if isinstance(told, str) else told if isinstance(told, list) else []
    try:
        return parse_groups(
            here if here != _ANY else name
            for name in names
            for there, here in provider.groups
            if isinstance(name, str) and there in (_ANY, name) and is_usable_group(name)
        )
    except InvalidArgument as refusal:
        said = say("user_groups", provider=provider.label)
        raise UpstreamUserRefused(f"{said}: {refusal.description}").saying(said) from None


def _texts(identity: Identity, names: tuple[str, ...]) -> Iterator[str]:
    claims = {**identity.claims, "sub": identity.sub}
    return (text for name in names if isinstance(text := claims.get(name), str))
