"""What services do, as processes of their own: they verify tokens, on the load's CPU, and tell how long it took."""
