"""Tests of ``ecrctl.file_writing``."""
