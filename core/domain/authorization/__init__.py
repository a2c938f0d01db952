"""The authorization endpoint's rules (RFC 6749 §3.1): the request, PKCE (RFC 7636), the resource, the consent."""
