"""Rates: how often an account, a network or a client may try something (GCRA, a leaky bucket in one number)."""
