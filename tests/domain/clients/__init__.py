"""Registration and redirect URIs."""
