"""Tests of ``ecrctl.review.output``."""
