"""Faults between the parts of an environment."""
