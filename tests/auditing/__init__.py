"""The audit trail as it is told: the stream."""
