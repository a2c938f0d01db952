"""The part of the table of settings that says whether devices without a browser may ask, and how often (RFC 8628)."""

from typing import Any, Final

from core.config.setting import Setting, duration, plain
from core.config.values import parse_boolean, parse_rate, show_boolean, show_duration, show_rate

DEVICE_FLOW: Final = Setting(
    "OAuth",
    "DeviceFlow",
    plain(parse_boolean),
    ("true",),
    "Terminals without a browser may ask for a code to be typed in elsewhere (RFC 8628)",
    show=show_boolean,
    reloadable=True,
)
DEVICE_CODE_LIFETIME: Final = Setting(
    "OAuth",
    "DeviceCodeLifetime",
    duration("1m", "30m"),
    ("10m",),
    "How long such a code is good, and how long the terminal waits",
    show=show_duration,
    reloadable=True,
)
DEVICE_AUTHORIZATIONS: Final = Setting(
    "Limits",
    "DeviceAuthorizations",
    plain(parse_rate),
    ("600/h",),
    "Codes for terminals asked for from one network (/64, /32), ten times as many in all; 0 is off",
    show=show_rate,
    reloadable=True,
)
USER_CODES: Final = Setting(
    "Limits",
    "UserCodes",
    plain(parse_rate),
    ("10/15m",),
    "Wrong codes typed by one user, ten times as many in one network, a hundred times as many in all; 0 is off",
    show=show_rate,
    reloadable=True,
)
#: In the order in which they are shown, in each section.
OF_OAUTH: Final = (DEVICE_FLOW, DEVICE_CODE_LIFETIME)
OF_LIMITS: Final = (DEVICE_AUTHORIZATIONS, USER_CODES)
#: As `core.domain.policy.DeviceFlowPolicy` takes them.
ALL: Final[tuple[Setting[Any], ...]] = (*OF_OAUTH, *OF_LIMITS)
