"""OpenID providers that users sign in at, as a login would find them."""

from collections.abc import Iterator

from core.config.config import Config
from core.doctor.finding import Finding, good, problem
from core.domain.clock import ServingClock
from core.domain.errors import UpstreamUnavailable
from core.outbound.guarded_http import GuardedHttp
from core.outbound.openid_providers import FetchedProviders

_SUBJECT = "Sign-in"


def examine_upstream(config: Config, http: GuardedHttp | None = None) -> Iterator[Finding]:
    """Each provider's metadata and keys, asked for now; nothing where there are none. `http` is the way out."""
    providers = FetchedProviders(http or GuardedHttp(), ServingClock(0))
    for provider in config.upstream.providers:
        setting = f"UpstreamProvider.Issuer {provider.name}"
        try:
            providers.examine(provider)
        except UpstreamUnavailable as failure:
            advice = "until that is mended, nobody signs in there"
            yield problem(_SUBJECT, f"{setting}: {failure.description} ({provider.issuer}): {advice}")
        else:
            yield good(_SUBJECT, f"{setting}: {provider.issuer} answers")
