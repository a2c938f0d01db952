"""What users see and do of their own, signed in by a browser session; never anything of somebody else."""
