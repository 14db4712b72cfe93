"""Tests of ``ecrctl.review.sides``."""
