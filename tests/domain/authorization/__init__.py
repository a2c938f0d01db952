"""The authorization request, from its first check to the user's decision."""
