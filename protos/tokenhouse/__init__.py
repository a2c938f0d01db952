"""Tokenhouse: the namespace of the generated gRPC contract."""
