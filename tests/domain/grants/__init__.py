"""The grant's life: code, refresh, races, revocation."""
