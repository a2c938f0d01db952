"""Faults of the disk and of the power, brought on the real core as a process of its own."""
