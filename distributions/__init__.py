"""Distributions of parts of this repository, beside that of the constructs."""
