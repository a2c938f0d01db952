"""The operator's logo, as the next start would find it."""

from collections.abc import Iterator

from core.config.config import Config
from core.config.errors import ConfigError
from core.doctor.finding import Finding, good, problem
from core.named_files import require_logo

_SUBJECT = "Pages"


def examine_logo(config: Config) -> Iterator[Finding]:
    """Nothing where it is ours."""
    if config.pages.logo is None:
        return
    try:
        require_logo(config)
    except ConfigError as refusal:
        yield problem(_SUBJECT, str(refusal))
    else:
        yield good(_SUBJECT, "Pages.Logo can be shown")
