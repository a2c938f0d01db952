"""Signing in at another OpenID provider: node's oidc-provider, which knows nothing of Tokenhouse."""
