"""Tests of ``ecrctl.policies``."""
