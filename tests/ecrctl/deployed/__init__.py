"""Tests of ``ecrctl.deployed``."""
