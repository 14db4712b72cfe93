"""Tests of ``ecrctl init``, ``check`` and ``list``."""
