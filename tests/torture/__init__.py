"""The longer tests: `make torture` runs what is in `torture_*.py`, and each prints its figures."""
