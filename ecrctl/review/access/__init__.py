"""Changes of access."""
