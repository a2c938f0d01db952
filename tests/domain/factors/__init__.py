"""What users prove who they are with beside their password."""
