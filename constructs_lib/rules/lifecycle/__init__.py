"""Lifecycle policies: their grammar, presets, documents and preview."""
