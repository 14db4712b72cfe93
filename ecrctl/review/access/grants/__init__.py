"""Grants outside of IAM's own resource types, by where they are declared."""
