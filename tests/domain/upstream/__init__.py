"""What another provider says of a person, and what becomes of it here."""
