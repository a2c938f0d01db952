"""The pages, rendered."""
