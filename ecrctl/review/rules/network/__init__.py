"""Rules about what the network lets through."""
