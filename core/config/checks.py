"""Rules that two settings make together, or one of them and the disk."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from core.config import settings
from core.config.addresses import ListenAddress
from core.config.discovery_settings import PRIVILEGED_SCOPE
from core.config.https_checks import check_https
from core.config.page_colors import check_page_colors
from core.config.refusal import Everything, find_repeated, refusal
from core.config.scope_settings import check_translations
from core.config.service_checks import check_services
from core.config.setting import DEFAULT, Setting
from core.config.upstream_providers import check_upstream
from core.config.values import show_duration

T = TypeVar("T")
_LISTENERS = (
    settings.LISTEN,
    settings.GRPC_LISTEN,
    settings.METRICS_CORE_LISTEN,
    settings.METRICS_FACADE_LISTEN,
)


def check_together(found: Everything) -> None:
    """Each setting is good by itself; now they are good together.

    Raises:
        ConfigError: two of them contradict each other; names the one that somebody wrote.
    """
    _check_lifetimes(found)
    _check_scopes(found)
    _check_paths(found)
    _check_listeners(found)
    check_https(found)
    check_services(found)
    check_page_colors(found)
    check_upstream(found)


def _check_lifetimes(found: Everything) -> None:
    idle, absolute = settings.REFRESH_TOKEN_LIFETIME, settings.GRANT_LIFETIME
    if _one(found, idle) > _one(found, absolute):
        values = f"{idle.key} is {_told(found, idle)}, {absolute.key} is {_told(found, absolute)}"
        raise refusal(found, _written(found, idle, absolute), f"allowed is {idle.key} up to {absolute.key}; {values}")


def _told(found: Everything, setting: Setting[int]) -> str:
    by_default = " by default" if found[setting.name].place == DEFAULT else ""
    return show_duration(_one(found, setting)) + by_default


def _check_scopes(found: Everything) -> None:
    names = [scope.name for scope in found[settings.SCOPE.name].values]
    repeated = find_repeated(names)
    if repeated is not None:
        several = f"allowed is one line per scope; {names[repeated]} has several"
        raise refusal(found, settings.SCOPE, several, repeated)
    if not names:
        raise refusal(found, settings.SCOPE, "at least one scope is needed")
    check_translations(found, names)
    _check_names(found, PRIVILEGED_SCOPE, names)
    privileged = frozenset(found[PRIVILEGED_SCOPE.name].values)
    others = [name for name in names if name not in privileged]
    if not others:
        raise refusal(found, PRIVILEGED_SCOPE, "at least one scope must not be privileged")
    _check_names(found, settings.DEFAULT_SCOPE, others)


def _check_names(found: Everything, setting: Setting[str], allowed: Sequence[str]) -> None:
    known = frozenset(allowed)
    for number, name in enumerate(found[setting.name].values):
        if name not in known:
            raise refusal(found, setting, f"allowed are the names of [OAuth] Scope: {', '.join(allowed)}", number)


def _check_paths(found: Everything) -> None:
    socket, admin, key = (
        _real(_one(found, name)) for name in (settings.SOCKET, settings.ADMIN_SOCKET, settings.MASTER_KEY_FILE)
    )
    if len({socket, admin, key}) < 3:
        culprit = _written(found, settings.ADMIN_SOCKET, settings.SOCKET, settings.MASTER_KEY_FILE)
        raise refusal(found, culprit, "Socket, AdminSocket and MasterKeyFile must be three different paths")
    if _real(_one(found, settings.DATA_DIR) / "database") in (key, *key.parents):
        raise refusal(found, settings.MASTER_KEY_FILE, "allowed is a path outside the database's own folder")
    # os.path: where a folder on the way may not be searched, the core says so when it opens the file.
    if os.path.isdir(key):
        raise refusal(found, settings.MASTER_KEY_FILE, "allowed is a file; a folder is there")


def _real(path: Path) -> Path:
    """Where it leads: a detour through ".." or a link hides nothing."""
    return Path(os.path.realpath(path))


def _check_listeners(found: Everything) -> None:
    taken: dict[ListenAddress, Setting[ListenAddress]] = {}
    for setting in _LISTENERS:
        for address in found[setting.name].values:
            first = taken.setdefault(address, setting)
            if first is not setting:
                culprit = _written(found, setting, first)
                raise refusal(found, culprit, f"{first.name} and {setting.name} need ports of their own")


def _one(found: Everything, setting: Setting[T]) -> T:
    value: T = found[setting.name].values[0]
    return value


def _written(found: Everything, *candidates: Setting[Any]) -> Setting[Any]:
    """The first of them that somebody wrote down: the line that an operator can change."""
    return next((setting for setting in candidates if found[setting.name].place != DEFAULT), candidates[0])
