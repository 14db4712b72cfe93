"""Tests of ``ecrctl.images.building``."""
