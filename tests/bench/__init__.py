"""Benchmarks: what Tokenhouse promises about speed, as ratios of two things measured in one interleaved run.

Not tests: they take minutes and a quiet machine. `make bench` runs them, README.md keeps the figures.
"""
