"""What operators do to users, clients and grants: acts that touch several nouns in one transaction."""
