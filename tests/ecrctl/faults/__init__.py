"""Faults of AWS, of the network and of the credentials."""
