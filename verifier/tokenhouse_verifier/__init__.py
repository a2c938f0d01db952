"""What other services import to check access tokens.

Owns: asking the core over gRPC whether a token is good (`tokenhouse.v1.ValidationService`), many waiting questions in
one call. Leaves every decision to the core, and every HTTP habit to the service it runs in.
"""
