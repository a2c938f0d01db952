"""The command `tokenhouse`, as an operator calls it: a process of its own, against a real core where it needs one."""
