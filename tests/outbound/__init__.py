"""What this server asks of others, against a real HTTPS server and a network that the test lays out."""
