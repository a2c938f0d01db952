"""The rules, over a real store and without gRPC."""
