"""Login at another OpenID provider: OpenID Connect Core and Discovery, RFC 9207, RP-Initiated Logout.

Owns who a provider's user is here, and what a login there has to prove. What is asked of providers over the network is
`core.outbound`'s; the session that a login makes is that of `sessions`.
"""
