"""The facade: its parts one by one, and every endpoint over real HTTP against a real core."""
