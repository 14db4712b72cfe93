"""Tests of ``ecrctl.review.diff``."""
