"""Policies: who may use a repository, and the statements that grant it."""
