"""Signing keys and master keys."""
