"""Tests of ``constructs_lib.rules.lifecycle``."""
