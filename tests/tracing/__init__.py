"""Traces across both processes, as a collector receives them."""
