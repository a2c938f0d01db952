"""The part of the table of settings that says who may use the operators' console."""

from typing import Any, Final

from core.config.setting import Setting, plain


def _parse_group(text: str) -> str:
    if len(text) > 128:
        raise ValueError("a group of 1 to 128 characters, or off")
    return "" if text.lower() == "off" else text


def _show_group(group: str) -> str:
    return group or "off"


OPERATOR_GROUP: Final = Setting(
    "Console",
    "OperatorGroup",
    plain(_parse_group),
    ("operators",),
    "Whose users may use the console at /admin; `off`: there is none",
    show=_show_group,
    reloadable=True,
)
SETTINGS: Final[tuple[Setting[Any], ...]] = (OPERATOR_GROUP,)
