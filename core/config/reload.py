"""What a reload (SIGHUP) may change, and what has to wait for a restart."""

from core.config.config import Config, build_config


def reload_differences(old: Config, new: Config) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the settings that differ: those that can change while serving, and those that need a restart."""
    changed = [found for name, found in new.found.items() if found.values != old.found[name].values]
    return (
        tuple(found.setting.name for found in changed if found.setting.reloadable),
        tuple(found.setting.name for found in changed if not found.setting.reloadable),
    )


def merge_reloadable(old: Config, new: Config) -> Config:
    """What is in force after a reload: the new values of what can change while serving, the old ones of the rest."""
    merged = {name: new.found[name] if found.setting.reloadable else found for name, found in old.found.items()}
    return build_config(old.file, merged)
