"""What each client sends, one module for each: data alone, as seen on the wire or in the client's source."""
