"""Every HTTP habit, and no fact.

Owns: forms, cookies, redirects, pages, CORS and the shape of every reply of the OAuth endpoints (RFC 6749, RFC 7009,
RFC 7591, RFC 8414, RFC 9207). Each public endpoint becomes one gRPC call; every decision is the core's. Keeps no state
beyond the last metadata the core gave.
"""
