"""Tests of ``ecrctl.access``."""
