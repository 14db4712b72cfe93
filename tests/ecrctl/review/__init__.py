"""Tests of ``ecrctl.review``."""
