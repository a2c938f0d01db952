"""Keeps what the domain decided; one folder per engine, the same file names in each.

Implements `core.domain.store`. Decides nothing: every rule that a statement enforces is written at the verb's
protocol, beside its noun.
"""
