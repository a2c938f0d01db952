"""Whether users can have passkeys here: what a browser asks of the public address."""

from collections.abc import Iterator

from core.config.config import Config
from core.doctor.finding import Finding, note
from core.domain.factors.relying_party import find_relying_party


def examine_passkeys(config: Config) -> Iterator[Finding]:
    """A note where there can be none, since their users would see no more than that (WebAuthn Level 3 §5.1.2)."""
    issuer = config.policy().issuer
    if find_relying_party(issuer) is None:
        why = "browsers keep them for a domain over https, or for http://localhost"
        yield note("Passkeys", f"Server.Address is {issuer}: nobody can have passkeys there, {why}")
