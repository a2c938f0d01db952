"""The gRPC doors: thin servicers (proto → domain → proto), who may call them, and how refusals cross the wire.

Decisions are left to `core.domain`; nothing here reads or writes a store.
"""
