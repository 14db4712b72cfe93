"""The resources of an environment's stacks, compared with their templates."""
