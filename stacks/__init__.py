"""The stacks of an environment: thin, one file each, wired together in ``app.py``."""
