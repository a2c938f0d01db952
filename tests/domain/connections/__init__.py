"""Attempts to connect: what is kept of them, and what is made of it."""
