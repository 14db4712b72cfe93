"""Promotion: the very image of one environment in the registry of another."""
