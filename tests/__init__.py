"""Every behaviour, stated in one sentence each; real SQLite, real gRPC, real Sanic, a real browser, real clients."""
