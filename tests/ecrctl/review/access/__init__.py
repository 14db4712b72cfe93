"""Tests of ``ecrctl.review.access``."""
