"""What tokens look like, and which ones are good."""
