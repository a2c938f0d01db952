"""One file for each figure: what is loaded, against what it is held, and how far it should get."""
