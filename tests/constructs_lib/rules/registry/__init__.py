"""Rules of a private registry."""
