"""Rates and the networks they are counted by."""
