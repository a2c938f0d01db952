"""Refusals that are gathered, what is counted, and what is kept for how long."""
