"""What users do of their own."""
