"""Tests of ``ecrctl.local``."""
