"""Tests of ``constructs_lib.rules.ecr``."""
