"""What has worked against other servers, as matrices over this one: endpoint × grant × fault × restart of the core.

tests/README.md, Attacks, says which test of which folder holds what.
"""
