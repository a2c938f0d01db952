"""OAuth clients: who they are, how they register (RFC 7591), where their users may be sent back to (RFC 8252 §7.3)."""
