"""Environments: one YAML file each, its pins, and the model that reads and checks them."""
