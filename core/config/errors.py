"""Why a configuration cannot be used."""


class ConfigError(Exception):
    """One line: where it stands (file and line, or the environment variable), the setting, and what is allowed.

    The line never repeats a value: a value may be a secret that was put into the wrong place.
    """


#: The exit status of a server whose configuration is refused (sysexits.h EX_CONFIG).
EXIT_CONFIG = 78
