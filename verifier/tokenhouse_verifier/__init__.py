"""What other services import to check access tokens.

Owns: asking the core over gRPC whether a token is good (`tokenhouse.v1.ValidationService`), many waiting questions in
one call; remembering the answers, and following the changes that end them (`tokenhouse.v1.ChangesService`); the errors
of RFC 6750 and their challenges; protected-resource metadata (RFC 9728), and doors for some frameworks. Leaves every
decision to the core, and every other HTTP habit to the service it runs in.
Begin with `verifier.TokenVerifier`, or `async_verifier.AsyncTokenVerifier` in an event loop.
"""
