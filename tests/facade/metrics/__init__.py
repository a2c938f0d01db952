"""What the facade counts, as whoever scrapes it sees it."""
