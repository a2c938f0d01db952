"""Every endpoint over real HTTP against a real core."""
