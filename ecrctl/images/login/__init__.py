"""A registry's token for the tools that push and pull images."""
