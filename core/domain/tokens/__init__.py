"""Access tokens (RFC 9068), refresh tokens and codes as strings, their validation, and the changes that end them."""
