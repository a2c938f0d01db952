"""What this server asks of others: the one room that opens connections to addresses somebody else chose.

Owns the guard against being sent to places that only this server can reach (SSRF). What is fetched, and why, is the
domain's.
"""
