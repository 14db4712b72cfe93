"""Tests of ``constructs_lib.rules.kubernetes``."""
