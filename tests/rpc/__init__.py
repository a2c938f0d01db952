"""The core as its three callers see it: who may call what, and what a refusal looks like."""
