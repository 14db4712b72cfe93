"""Rules about Kubernetes objects: those that deliver others, removed ones, unknown kinds."""
