"""Tests of ``ecrctl.importing``."""
