"""Kubernetes' rules: names, pods, Jobs and their manifests."""
