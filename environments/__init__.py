"""Environments: one YAML file each, its pins, and the model that reads and checks them."""

from pathlib import Path

# The folder of the files.
DIRECTORY = Path(__file__).parent
