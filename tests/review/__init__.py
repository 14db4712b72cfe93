"""Tests of what a review finds."""
