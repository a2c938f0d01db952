"""What holds for the repository as a whole: its files, sizes, names, lock files, stubs, README and Makefile."""
