"""Settings: the file format, the values, the environment, what settings say together, and what a reload may change."""
