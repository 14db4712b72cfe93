"""Tests of the output that all commands share."""
