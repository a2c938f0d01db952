"""What stands in for the world outside: time. Nothing here stands in for a part of Tokenhouse."""
