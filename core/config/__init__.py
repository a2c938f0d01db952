"""Every setting: its name, default, unit and limits; read from a file and the environment once, checked as a whole.

What a setting means to a rule is `core.domain.policy`'s; what a reload replaces is decided by `core.wiring`.
"""
