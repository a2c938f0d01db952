"""Local users and their passwords (Argon2id, RFC 9106). Being logged in is left to `sessions`."""
