"""`tokenhouse doctor`: looks at everything a core needs, beside the core or without one, and changes nothing.

Says in words what is wrong and what to do. Nothing it says holds a secret.
"""
