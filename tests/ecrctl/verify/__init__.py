"""Tests of ``ecrctl.verify``."""
