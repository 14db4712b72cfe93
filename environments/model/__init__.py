"""The shape of an environment's files, as pydantic models."""
