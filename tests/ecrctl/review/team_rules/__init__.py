"""Tests of ``ecrctl.review.team_rules``."""
