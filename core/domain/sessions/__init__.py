"""The browser's login session, and only that. It opens this server's pages; no token can stand in for it."""
