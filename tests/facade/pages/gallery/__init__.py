"""Every page of ours as a browser gets it, in each language: for pictures in the README, and for axe-core."""
