"""The ready-made doors, as verifier/README.md shows them: its own examples, served, behind a real core."""
