"""What the core counts and measures, under the names that Prometheus gets, and the listener that tells them.

Owns: every metric's name, labels and buckets, one registry for each core, and GET /metrics. What is counted where is
left to the rooms that do the work: `rpc` counts outcomes, `store` its commits. No label holds what a caller chose.
"""
