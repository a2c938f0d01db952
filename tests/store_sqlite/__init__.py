"""What only the SQLite engine promises: refused starts, file modes, failing disks, restarts, one library."""
