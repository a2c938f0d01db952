"""What the facade counts and measures, under the names that Prometheus gets, and the listener that tells them.

Owns: every metric's name, labels and buckets, in one registry, and GET /metrics. No label holds what a client chose.
"""
