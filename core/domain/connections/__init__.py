"""What clients went through when they tried to connect, as this server saw it, and what is the matter with it.

In memory alone, bounded, and lost with the process: for operators who help somebody right now. Nothing here decides
anything. No code, token, password, state, verifier or cookie gets here, and of a URI no query.
"""
