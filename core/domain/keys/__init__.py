"""Signing keys and their JWK Set (RFC 7517), and the master key that wraps them."""
