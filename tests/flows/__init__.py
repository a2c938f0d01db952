"""Whole stories over HTTP with real clients and a real browser, named by what the user does."""
