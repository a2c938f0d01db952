"""What real clients of the real processes saw, written down call by call, and the check that none of it is wrong."""
