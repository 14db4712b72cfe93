"""``ecrctl report``."""
