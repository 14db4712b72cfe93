"""Tests of ``ecrctl.cdk``."""
