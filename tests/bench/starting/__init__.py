"""The two processes with what only a benchmark switches: an echo beside the real methods, commits without fsync, a
facade that does not coalesce. Everything else is the product as it is served.
"""
