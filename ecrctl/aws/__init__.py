"""Clients of AWS, and reading and writing through them."""
