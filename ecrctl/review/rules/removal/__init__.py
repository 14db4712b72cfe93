"""Rules about resources that are removed or replaced, and settings that delete data."""
