"""Tests of ``ecrctl.pins``."""
