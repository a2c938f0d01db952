"""The operator's door: the command `tokenhouse`. It runs the two processes, and asks a running core over its socket.

It decides nothing: users, clients, grants and keys are the core's, reached by gRPC as any caller reaches them. Exit
status 0 is done, 1 refused or failed, 2 wrong usage; a server whose configuration is refused exits with 78.
"""
