"""Tests of ``constructs_lib.rules.policy``."""
