"""Cores with a bug put in, one each, that real servers have had: the check of a history must find it."""
