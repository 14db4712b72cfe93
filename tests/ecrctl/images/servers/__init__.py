"""Registries on loopback, each started by a context manager on a free port and stopped with it."""
