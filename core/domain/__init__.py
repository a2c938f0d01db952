"""The rules, free of I/O: what an authorization server may and must do (OAuth 2.1, RFC 6749 and its family).

Knows no gRPC, no HTTP and no database. Keeping facts is left to `core.store`, talking to callers to `core.rpc`.
"""
