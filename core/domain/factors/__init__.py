"""What users prove who they are with beside their password: codes by the clock (RFC 6238), recovery codes, and passkeys
(WebAuthn Level 3), which stand in its place, too."""
