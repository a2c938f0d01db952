"""Services that the verifier protects, small enough to read: `make demo` runs one."""
