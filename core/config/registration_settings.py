"""The part of the table of settings that says who may register, and how long a registration is kept."""

from typing import Any, Final

from core.config.setting import Setting, duration_or_never, plain
from core.config.values import parse_rate, show_duration_or_never, show_rate
from core.domain.policy import RegistrationMode


def _parse_mode(text: str) -> RegistrationMode:
    try:
        return RegistrationMode(text.lower())
    except ValueError:
        raise ValueError("open, token or off") from None


MODE: Final = Setting(
    "Registration",
    "Mode",
    plain(_parse_mode),
    ("open",),
    "Who may register: `open`: everybody; `token`: who has an initial access token; `off`: nobody",
    reloadable=True,
)
UNAUTHORIZED_LIFETIME: Final = Setting(
    "Registration",
    "UnauthorizedLifetime",
    duration_or_never("1h", "3650d"),
    ("7d",),
    "How long a client is kept that registered by itself and got no token; `never`: for good",
    show=show_duration_or_never,
    reloadable=True,
)
UNUSED_LIFETIME: Final = Setting(
    "Registration",
    "UnusedLifetime",
    duration_or_never("1d", "3650d"),
    ("365d",),
    "How long such a client is kept after its last token; never while it has a live grant; `never`: for good",
    show=show_duration_or_never,
    reloadable=True,
)
REGISTRATIONS: Final = Setting(
    "Limits",
    "Registrations",
    plain(parse_rate),
    ("600/h",),
    "Registrations of clients not known yet, per network (/64, /32), four times as many in all; 0 is off",
    show=show_rate,
    reloadable=True,
)
#: In the order in which they are shown, which is that of RegistrationPolicy's fields.
SETTINGS: Final[tuple[Setting[Any], ...]] = (MODE, UNAUTHORIZED_LIFETIME, UNUSED_LIFETIME)
