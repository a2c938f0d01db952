"""What users prove who they are with beside their password: codes by the clock (RFC 6238) and recovery codes."""
