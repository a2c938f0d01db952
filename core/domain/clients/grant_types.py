"""What a client may be registered for (RFC 7591 §2 "grant_types")."""

AUTHORIZATION_CODE = "authorization_code"
REFRESH_TOKEN = "refresh_token"
#: RFC 8628 §3.4.
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"

#: What a client that says nothing gets.
USUAL = (AUTHORIZATION_CODE, REFRESH_TOKEN)
#: What begins a grant. A client needs one of them.
BEGINNINGS = frozenset({AUTHORIZATION_CODE, DEVICE_CODE})
SUPPORTED = (*USUAL, DEVICE_CODE)
