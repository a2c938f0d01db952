"""Users and their names."""
