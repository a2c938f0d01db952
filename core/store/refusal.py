"""Why a store does not open."""


class StoreRefused(Exception):
    """The store cannot be opened as it is. One line for the operator; the process exits with 78 (EX_CONFIG)."""


class StoreInUse(StoreRefused):
    """Another process has it open: most of all a core that runs."""
