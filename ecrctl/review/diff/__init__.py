"""Differences between two cloud assemblies."""
