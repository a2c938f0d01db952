"""What is kept beside the database, whatever the engine."""
