"""What operators do to a database while no core has it open: copy it, and put a copy in its place."""
