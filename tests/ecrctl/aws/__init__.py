"""Tests of ``ecrctl.aws``."""
