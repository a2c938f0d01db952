"""The verifier's parts, on a real event loop."""
