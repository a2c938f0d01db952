"""The store on SQLite: one writer thread with group commit, read-only connections for everybody else.

`store.open_store` is the way in. Durable means WAL with `synchronous=FULL`: nothing is answered before its commit is
on disk.
"""
