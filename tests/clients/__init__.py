"""Clients of the field at a real server: those that can be installed, as they are; all others, as they were seen."""
