"""Tests of ``ecrctl.images``."""
