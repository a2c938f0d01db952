"""Inputs that nobody thought of: for each kind of input its properties, held against hundreds in the suite and against
as many as there is time for in `make torture`. The suite's are always the same ones."""
