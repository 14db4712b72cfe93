"""Tests of the resolution of templates."""
