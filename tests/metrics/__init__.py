"""What the core counts, as whoever scrapes it sees it; and the listener."""
