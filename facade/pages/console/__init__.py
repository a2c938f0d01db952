"""What the operators' console looks like."""
