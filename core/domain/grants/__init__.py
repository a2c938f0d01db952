"""The grant: one row from the consent to the last refresh, and the token endpoint that moves it (RFC 6749 §4.1, §6).

What a token looks like is left to `tokens`, who the client is to `clients`.
"""
