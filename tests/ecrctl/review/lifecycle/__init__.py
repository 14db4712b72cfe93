"""Tests of the words and the sample images for lifecycle policies."""
